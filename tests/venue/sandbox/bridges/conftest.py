"""A bridge over a ledger and a clock that stands, and its endpoint."""

import random
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.sandbox.signing import Clock, Signer, funded
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.rpc import BridgeRpc
from venue.sandbox.verifier.ledger import Ledger

MAKER = "maker.near"


class World:
    """A bridge with its ledger and chains, and a clock moved in whole seconds."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.maker = Signer(MAKER, 1)
        self.ledger: Ledger = funded(self.clock, self.maker, amount=10**19)
        self.faults = FaultTable(self.clock)
        self.ledger.refuse_transfer = lambda _: "no" if self.faults.count_down("ft_transfer_fails") else None
        self.bridge = Bridge(self.ledger, self.clock, rng=random.Random(7), faults=self.faults)
        self.endpoint = BridgeRpc(self.bridge, self.clock)

    def wait(self, seconds: int) -> None:
        self.clock.now_ns += seconds * 10**9
        self.bridge.advance(self.clock.now_ns)

    async def ask(self, method: str, **params: object) -> dict[str, Any]:
        return await self.endpoint.handle({"jsonrpc": "2.0", "id": "t", "method": method, "params": [params]})

    async def call(self, method: str, **params: object) -> Any:
        answer = await self.ask(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    async def refusal(self, method: str, **params: object) -> str:
        error = (await self.ask(method, **params))["error"]
        return str(error["message"]) if isinstance(error, Mapping) else str(error)


@pytest.fixture
def world() -> World:
    return World()
