"""A taker that settles sampled quotes on the venue's Verifier, and a stranger's deposit: what happens amid requests."""

import asyncio
import base64
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import count
from typing import Any

import httpx
import msgspec

from bench.verify import wrong_answers
from venue.protocol.tokens import BTC, DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.verifier.intents import taker_gives, taker_receives
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import open_payload

FEE_PIPS = 1
_FUNDS = "1000"
_FOREVER_NS = 4_000_000_000 * NS_PER_S


class BenchTaker:
    """Asks the venue of these settings over HTTP; ``settled``: how many quotes of each signer the venue settles."""

    def __init__(self, env: Mapping[str, str], client: httpx.AsyncClient) -> None:
        self._env = env
        self._client = client
        self._wallet = Wallet("bench-taker.near", b"taker".ljust(32))
        self._numbers = count()
        self._salt = b""
        self.settled: Counter[str] = Counter()
        self.given: Counter[str] = Counter()

    async def fund(self) -> None:
        """Give the taker enough of every traded token, and read the salt."""
        for token in DEFAULT_TOKENS.tokens:
            await self._control(
                "accounts",
                {
                    "account": self._wallet.account,
                    "public_key": self._wallet.public_key,
                    "balances": {token.symbol: _FUNDS},
                },
            )
        query = {
            "request_type": "call_function",
            "account_id": "intents.near",
            "finality": "optimistic",
            "method_name": "current_salt",
            "args_base64": base64.b64encode(b"{}").decode(),
        }
        node = self._env["NEAR_RPC_URL"].split(",")[0]
        call = {"jsonrpc": "2.0", "id": "1", "method": "query", "params": query}
        answer = (await self._client.post(node, json=call)).json()
        self._salt = bytes.fromhex(msgspec.json.decode(bytes(answer["result"]["result"])))

    async def take(self, sample: str) -> str | None:
        """Settle this ``quote_response`` and return its hash; one that the venue refuses, such as an expired one, does
        not count.
        """
        quote: dict[str, Any] = msgspec.json.decode(sample)["params"][0]["signed_data"]
        message = open_payload(quote)
        [diff] = [intent.diff for intent in message.intents if isinstance(intent, TokenDiff)]
        gives, takes = min(diff, key=lambda token: diff[token]), max(diff, key=lambda token: diff[token])
        own = self._wallet.sign_diff(
            gives=(takes, taker_gives(diff[takes], FEE_PIPS)),
            takes=(gives, taker_receives(-diff[gives], FEE_PIPS)),
            deadline_ns=_FOREVER_NS,
            salt=self._salt,
            random=next(self._numbers).to_bytes(15, "big"),
        )
        published = {"quote_hashes": [], "signed_datas": [quote, own.data]}
        answer = await self._client.post(
            self._env["NEAR_INTENTS_RELAY_RPC_URL"],
            json={"jsonrpc": "2.0", "id": "1", "method": "publish_intents", "params": [published]},
            headers={"Authorization": f"Bearer {self._env['NEAR_INTENTS_API_KEY']}"},
        )
        result = answer.json().get("result") or answer.json()
        settled = result.get("status") == "OK"
        self.settled[message.signer_id] += settled
        self.given[gives] += settled
        return message.intent_hash if settled else None

    async def open_account(self, account: str, balances: Mapping[str, str]) -> str:
        """Open a maker's account with these whole tokens by symbol; returns its private key."""
        answer = await self._control("accounts", {"account": account, "balances": balances})
        key: str = answer.json()["private_key"]
        return key

    async def deposit(self, account: str) -> None:
        """Send the maker 0.001 BTC, final at once."""
        deposit = {"account": account, "token_id": BTC.token_id, "amount": 100_000, "confirm_after_s": 0}
        await self._control("deposit", deposit)

    async def amid(self, seconds: float, account: str, samples: Sequence[str], settled: Callable[[str], None]) -> None:
        """A third into these seconds take the maker's two newest quotes, and deposit to it at two thirds.

        ``settled`` gets the hash of each that the venue settles.
        """
        await asyncio.sleep(seconds / 3)
        for sample in samples[-2:]:
            quote_hash = None if wrong_answers([sample], account) else await self.take(sample)
            if quote_hash is not None:
                settled(quote_hash)
        await asyncio.sleep(seconds / 3)
        await self.deposit(account)

    async def _control(self, path: str, body: object) -> httpx.Response:
        answer = await self._client.post(f"{self._env['SANDBOX_CONTROL_URL']}/{path}", json=body)
        return answer.raise_for_status()


@contextlib.asynccontextmanager
async def bench_taker(env: Mapping[str, str]) -> AsyncIterator[BenchTaker]:
    """A funded taker for as long as the block runs."""
    async with httpx.AsyncClient(timeout=30) as client:
        taker = BenchTaker(env, client)
        await taker.fund()
        yield taker
