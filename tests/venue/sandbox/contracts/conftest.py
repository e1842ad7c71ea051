"""A ledger with the token contracts of a venue, a node on it, and accounts that call them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.sandbox import near_actions as act
from tests.support.sandbox.near_transactions import rpc, view_params
from tests.support.sandbox.signing import Clock, Signer, funded
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.contracts.tokens import TokenContracts
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.accounts import Burn

AMOUNT = 10**9
STORAGE = 1_250_000_000_000_000_000_000


class World:
    """Maker and eve have a NEAR account each; the maker has ``AMOUNT`` base units of every token on the Verifier."""

    def __init__(self) -> None:
        self.maker, self.eve = Signer("maker.near", 1), Signer("eve.near", 2)
        self.clock = Clock()
        self.ledger = funded(self.clock, self.maker, amount=AMOUNT)
        self.tokens = TokenContracts(self.ledger, DEFAULT_TOKENS.tokens)
        self.ledger.refuse_transfer = self.tokens.refusal
        self.ledger.deliver = self.tokens.deliver
        self.burns: list[Burn] = []
        self.ledger.on_burn(self.burns.append)
        for signer in (self.maker, self.eve):
            self.ledger.add_access_key(signer.account, signer.public_key)
        self.faults = FaultTable(self.clock)
        self.node = NearRpc(self.ledger, faults=self.faults)

    async def call(
        self,
        signer: Signer,
        contract: str,
        method: str,
        args: Mapping[str, object],
        *,
        deposit: int = 0,
        gas: int = 100 * act.TGAS,
    ) -> dict[str, Any]:
        """Return the outcome of a call."""
        action = act.call(method, json.dumps(args).encode(), deposit=deposit, gas=gas)
        signed, _ = act.signed_actions(signer, self.ledger, contract, action)
        params = {"signed_tx_base64": signed, "wait_until": "FINAL"}
        result: dict[str, Any] = (await rpc(self.node, "send_tx", params))["result"]
        named = {name for part in parts(result) for name in part["outcome"]["receipt_ids"]}
        assert named == {part["id"] for part in result["receipts_outcome"]}
        assert len(named) == len(result["receipts_outcome"])
        return result

    async def value(self, signer: Signer, contract: str, method: str, args: Mapping[str, object], **how: int) -> Any:
        """Return what a call returns, None for nothing; the panic's text when it fails."""
        status = (await self.call(signer, contract, method, args, **how))["status"]
        if "Failure" in status:
            return panic(status)
        raw = base64.b64decode(status["SuccessValue"])
        return json.loads(raw) if raw else None

    async def view(self, contract: str, method: str, **args: object) -> Any:
        result = (await rpc(self.node, "query", view_params(method, args, contract)))["result"]
        return json.loads(bytes(result["result"])) if "result" in result else result["error"]

    async def held(self, token: str, account: str) -> int:
        return int(await self.view(token, "ft_balance_of", account_id=account))

    async def register(self, signer: Signer, token: str) -> None:
        await self.call(signer, token, "storage_deposit", {}, deposit=STORAGE)


def parts(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [result["transaction_outcome"], *result["receipts_outcome"]]


def panic(status: Mapping[str, Any]) -> str:
    """Return the text of a failed status, without the words before it."""
    error: str = status["Failure"]["ActionError"]["kind"]["FunctionCallError"]["ExecutionError"]
    return error.removeprefix("Smart contract panicked: ")


def logs(result: Mapping[str, Any]) -> list[str]:
    return [line for part in parts(result) for line in part["outcome"]["logs"]]


@pytest.fixture
def world() -> World:
    return World()
