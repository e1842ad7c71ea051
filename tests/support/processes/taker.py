"""A taker: asks the relay for quotes, takes the best one and signs for it with its own key."""

import os
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import base58
from nacl.signing import SigningKey

from tests.support.processes.venue_process import Control
from tests.support.sandbox.maker import BTC, EURE, Signer
from tests.support.waiting import until
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.sandbox.verifier.intents import taker_gives, taker_receives

FEE_PIPS = 1


class Taker:
    """An account named by its public key, which therefore needs no registration. Fund it before it deals.

    ``base`` is the token that it buys for EURe; it sells any.
    """

    def __init__(self, control: Control, base: str = BTC) -> None:
        self.base = base
        key = SigningKey(os.urandom(32))
        public = bytes(key.verify_key)
        self.account = public.hex()
        self._signer = Signer(self.account, "ed25519:" + base58.b58encode(bytes(key) + public).decode())
        self._control = control

    async def fund(self) -> None:
        """Enough of every token for every test; returns once the bridge has credited it."""
        for token in DEFAULT_TOKENS.tokens:
            amount = 10**8 if token.underlying == DEFAULT_TOKENS.base else 10**23
            await self._control.deposit(token.token_id, amount, account=self.account)
        await until(self._is_funded)

    async def _is_funded(self) -> bool:
        held = await self._control.balances(self.account)
        return all(held.get(token.token_id) for token in DEFAULT_TOKENS.tokens)

    async def ask(
        self,
        asset_in: str,
        *,
        amount_in: int | None = None,
        amount_out: int | None = None,
        min_deadline_ms: int = 20_000,
        max_wait_ms: int = 3_000,
    ) -> list[dict[str, Any]]:
        """Ask for EURe against BTC, or for ``base`` against EURe; empty if nobody answered in time.

        Exactly one amount, base units.
        """
        asked = {"exact_amount_in": amount_in, "exact_amount_out": amount_out}
        amounts = {name: str(amount) for name, amount in asked.items() if amount is not None}
        return await self.ask_in(
            asset_in, self.base if asset_in == EURE else EURE, amounts, min_deadline_ms, max_wait_ms
        )

    async def ask_in(
        self,
        asset_in: str,
        asset_out: str,
        amounts: Mapping[str, str],
        min_deadline_ms: int = 20_000,
        max_wait_ms: int = 3_000,
    ) -> list[dict[str, Any]]:
        """Ask in any market; ``amounts`` as the relay names them."""
        params = {
            "defuse_asset_identifier_in": asset_in,
            "defuse_asset_identifier_out": asset_out,
            "min_deadline_ms": min_deadline_ms,
            "wait_ms": 20,
            "max_wait_ms": max_wait_ms,
            **amounts,
        }
        return await self._rpc("quote", params) or []

    async def ask_in_vain(self, asset_in: str, **amount: int) -> None:
        """Ask, and AssertionError when anybody quotes."""
        assert await self.ask(asset_in, **amount, max_wait_ms=300) == []

    async def take(self, quote: Mapping[str, Any]) -> dict[str, Any]:
        """Sign for the quote and publish; the relay's answer."""
        gives = taker_gives(int(quote["amount_in"]), FEE_PIPS)
        takes = taker_receives(int(quote["amount_out"]), FEE_PIPS)
        expires = datetime.fromisoformat(quote["expiration_time"])
        diff = {quote["defuse_asset_identifier_in"]: -gives, quote["defuse_asset_identifier_out"]: takes}
        salt = bytes.fromhex(await self._control.view("current_salt"))
        deadline_ms = min(int(expires.timestamp() * 1000), time.time_ns() // 1_000_000 + 60_000)
        _, signed = self._signer.diff(diff, salt, deadline_ms)
        published: dict[str, Any] = await self._rpc(
            "publish_intent", {"quote_hashes": [quote["quote_hash"]], "signed_data": signed}
        )
        return published

    async def deal(self, asset_in: str, **amount: int) -> dict[str, Any]:
        """Ask, take the best quote and return it; AssertionError when there is none or it cannot be taken."""
        quotes = await self.ask(asset_in, **amount)
        assert quotes, "nobody quoted"
        published = await self.take(quotes[0])
        assert published["status"] == "OK", published
        return quotes[0]

    async def _rpc(self, method: str, params: dict[str, Any]) -> Any:
        answer = await self._control.http.post(
            self._control.env["NEAR_INTENTS_RELAY_RPC_URL"],
            json={"id": "1", "jsonrpc": "2.0", "method": method, "params": [params]},
            headers={"Authorization": f"Bearer {self._control.env['NEAR_INTENTS_API_KEY']}"},
        )
        body = answer.json()
        assert "error" not in body, body
        return body["result"]
