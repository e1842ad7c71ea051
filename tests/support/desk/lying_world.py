"""A world whose relay, nodes and bridge lie, and a desk that reads all of them: in one process, on virtual clocks.

The lies are the sandbox's own; what is true is known from its ledger and from what the bridge really paid.
"""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import httpx

from cockpit.model.commands import Result, Route, WithdrawalOrder
from tests.support.desk.desk_harness import ACCOUNT, HELD, DeskHarness, Signed, World
from tests.support.funding.withdrawal_venue import ADDRESSES
from tests.support.venue.relay_server import event
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.fault_values import Node
from venue.sandbox.base.lies import (
    GARBAGE,
    BridgeLie,
    NearLie,
    RelayLie,
    StatusLie,
    bridge_answer,
    near_answer,
    relay_answer,
    spoiled,
    statuses,
)
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.rpc import BridgeRpc
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.near.transactions import Transactions
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.payload import open_payload

PORTS: Mapping[int, Node] = {9004: "near_a", 9010: "near_b"}
BRIDGE_PORT, RELAY_PORT = 9003, 9002
Publish = Literal["run", "keep", "swallow", "deny", "late"]
"""What the relay does with a published intent: it executes it; keeps it and answers OK; executes it without an answer
or with a refusal; or answers OK and executes it when ``come_late`` is called."""
CHAIN_ADDRESSES = {BTC.chain: ADDRESSES["BTC"], EURE.chain: ADDRESSES["EURe"]}


class LyingWorld(World):
    """``node_lies``, ``bridge_lie``, ``relay_lie`` and ``publish``: what each peer does now, until ``tell_truth``."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = {
            "NEAR_RPC_URL": "http://127.0.0.2:9004,http://127.0.0.3:9010",
            "WITHDRAWAL_COOLING_MS": "0",
            "TRADING_BTC_WITHDRAW_ADDRESS": ADDRESSES["BTC"],
            "TRADING_EURE_WITHDRAW_ADDRESS": ADDRESSES["EURe"],
        }
        transactions = Transactions(self.ledger)
        self.nodes = {name: NearRpc(self.ledger, transactions=transactions, name=name) for name in PORTS.values()}
        self.bridge = Bridge(self.ledger, self.wall, rng=random.Random(1), credited=BTC)
        self._bridge_rpc = BridgeRpc(self.bridge, self.wall)
        self.burns: list[Burn] = []
        self.ledger.on_burn(self.burns.append)
        for asset, amount in HELD.items():
            self.ledger.mint(ACCOUNT, asset, amount)
        self.node_lies: dict[Node, NearLie] = {}
        self.bridge_lie: BridgeLie | None = None
        self.relay_lie: RelayLie | None = None
        self.publish: Publish = "run"
        self._late: list[dict[str, object]] = []
        self._statuses: dict[str, str] = {}
        self.deposited: dict[str, int] = {}
        self.ordered: dict[int, Token] = {}
        """Every withdrawal that the desk accepted, by its amount: no two have the same."""

    def tell_truth(self) -> None:
        self.node_lies, self.bridge_lie, self.relay_lie, self.publish = {}, None, None, "run"
        self.come_late()

    def deposit(self, asset: Token, amount: int, confirm_s: int) -> None:
        self.bridge.deposit(ACCOUNT, asset.token_id, amount, confirm_after_ns=confirm_s * NS_PER_S)

    async def answer(self, request: httpx.Request) -> httpx.Response:
        port = request.url.port or 0
        if port in PORTS and self.nodes_down:
            return httpx.Response(500, text="Internal Server Error")
        asked: Any = json.loads(request.content)
        if port in PORTS:
            node = PORTS[port]
            answered = await self.nodes[node].handle(asked)
            lie = self.node_lies.get(node)
            return _response(lie, answered if lie is None else near_answer(lie, asked, answered))
        if port == BRIDGE_PORT:
            answered = await self._bridge_rpc.handle(asked)
            told = self.bridge_lie
            return _response(told, answered if told is None else bridge_answer(told, asked, answered))
        if port == RELAY_PORT:
            return self._relay(asked)
        return httpx.Response(404)

    def _relay(self, asked: Mapping[str, Any]) -> httpx.Response:
        params: Mapping[str, Any] = asked["params"][0]
        result: dict[str, object] = {}
        if asked["method"] == "get_status":
            result = {"status": "NOT_FOUND_OR_NOT_VALID"}
            if params["intent_hash"] in self._statuses:
                result = {"status": "SETTLED", "data": {"hash": self._statuses[params["intent_hash"]]}}
        elif asked["method"] == "publish_intent":
            signed = params["signed_data"]
            name = open_payload(signed).intent_hash
            result = {"status": "OK", "intent_hash": name}
            if self.publish == "late":
                self._late.append(signed)
            elif self.publish != "keep":
                problem = self._execute(signed)
                refused: dict[str, object] = {"status": "FAILED", "intent_hash": name, "reason": problem or "internal"}
                result = refused if problem or self.publish == "deny" else result
            if self.publish == "swallow":
                return httpx.Response(502)
        answer = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
        lie = self.relay_lie
        return _response(lie, answer if lie is None else relay_answer(lie, asked, answer))

    def _execute(self, signed: dict[str, object]) -> str:
        try:
            done = self.ledger.execute_intents([signed])
        except ContractPanicError as panic:
            return str(panic)
        self._statuses[open_payload(signed).intent_hash] = done.tx_hash
        return ""

    def come_late(self) -> None:
        for signed in self._late:
            self._execute(signed)
        self._late.clear()

    def payments(self) -> list[tuple[str, str, int]]:
        """Return chain, address and amount of everything that the bridge was burned for, and of what it paid."""
        rows = self.bridge.withdrawals
        return [(row.token.asset.chain, row.address, row.amount) for row in rows]


class LyingDesk(DeskHarness):
    """A desk that also follows its deposits and withdrawals, in the world of liars."""

    world: LyingWorld
    step_ms = 990

    def __init__(self, world: LyingWorld) -> None:
        super().__init__(world)
        self.world = world

    async def start(self) -> None:
        await super().start()
        self.funding.orders.name_defaults()

    async def read(self) -> None:
        # A lie is taken back by time: two readings that differ are never of one moment.
        for clock in (self.world.wall, self.world.monotonic):
            clock.pass_ms(1)
        await self.trading.deposits.read()
        await super().read()
        await self.funding.withdrawals.step()

    async def order(self, asset: Token, amount: int, route: Route, key: str) -> Result:
        """Order a withdrawal at the fee that an honest bridge asks; the caller knows of it before it is accepted."""
        row = self.world.bridge.token(lambda one: one.asset == asset)
        assert row is not None
        self.funding.freeze.open("ops")
        return await self.funding.orders.withdraw(
            WithdrawalOrder(
                actor="ops",
                asset_id=asset.symbol,
                amount=amount,
                expected_fee=self.world.bridge.fee(row),
                idempotency_key=key,
                route=route,
            )
        )

    def hear(self, frames: Sequence[bytes]) -> None:
        """Have the relay send frames, whatever is in them."""
        if self.connected:
            for frame in frames:
                self.trading.relay._on_message(self.trading.engine, frame)

    def tell(self, lie: StatusLie, made: Signed) -> None:
        """Have the relay tell of a settlement of this quote as the lie has it, whether there was one or not."""
        true: dict[str, Any] = {"quote_hash": made.quote_hash, "intent_hash": "intent", "tx_hash": "tx"}
        frames = [json.dumps(event(data)).encode() for data in statuses(lie, true)]
        self.hear([*(text.encode() for text in GARBAGE), *frames] if lie == "garbage" else frames)


def _response(lie: str | None, answer: dict[str, Any]) -> httpx.Response:
    raw = json.dumps(answer).encode() if lie is None else spoiled(lie, answer)
    return httpx.Response(200, content=raw)
