"""A venue in this process and the desk's funding parts on it, in runs that can crash and start again."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import base58
import httpx
from nacl.signing import SigningKey

from cockpit.config.settings import Settings, load
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.composition.funding_parts import build_funding
from cockpit.desk.composition.trading_parts import build_trading
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.model.commands import Result, Route, WithdrawalOrder
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, WithdrawalPrepared
from storage.errors import HistoryError
from storage.history import Run
from storage.sqlite.history import SqliteHistory
from storage.writer import HistoryWriter
from tests.support.funding.withdrawal_venue import ADDRESSES
from tests.support.waiting import PATIENCE_S, until
from venue.protocol.amounts import NOTHING
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC
from venue.protocol.units import NS_PER_S
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue

CONFIG = VenueConfig(
    rate=0,
    rivals=False,
    start_paused=True,
    deposit_after_s=None,
    funded=BTC.symbol,
    credited=BTC.symbol,
    settle_s=(0.02, 0.05),
    index_after_s=0.1,
    send_after_s=0.15,
    complete_after_s=0.2,
    confirm_s=0.1,
)
HOURS = 3600.0
FOREVER = 600_000.0


class GatedHistory(SqliteHistory):
    """A history whose writes can be held back or fail: all of them, or those with an event of the type ``only``."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self.broken = False
        self.only: type[WithdrawalPrepared] | None = None
        self.held: list[AnyEvent] = []

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        self.held = list(batch)
        if self.only is None or any(isinstance(event, self.only) for event in batch):
            await self.open_gate.wait()
            if self.broken:
                raise HistoryError("the disk is full")
        await super().write(batch)
        self.held = []


class FundingRun:
    """One run of the desk's funding parts. ``follow`` starts what sends and follows withdrawals.

    ``ahead``: by how much its clock was put forward, ns.
    """

    def __init__(
        self, settings: Settings, client: httpx.AsyncClient, number: int, ahead: Callable[[], int] = lambda: 0
    ) -> None:
        self.settings = settings
        self.history = GatedHistory(settings.state_dir / "history.sqlite")
        self.writer = HistoryWriter(self.history, interval_s=0.005)
        self.env = Environment(
            wall_ns=lambda: time.time_ns() + ahead(), monotonic_ns=lambda: time.perf_counter_ns() + ahead()
        )
        self.run_id = f"run-{number}"
        self.trading = build_trading(
            settings,
            client,
            self.env,
            self.writer,
            self.history,
            run_id=self.run_id,
            on_failure=lambda reason: None,
        )
        self.journal = CommandJournal(self.env, self.writer)
        self.funding = build_funding(
            settings,
            self.trading,
            self.env,
            self.writer,
            self.history,
            record_result=self.journal.record_result,
            clock_right=lambda: True,
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, *, follow: bool = True, opened: bool = True) -> None:
        """Open the history, take over what it holds, and read the opening balances, unless they are not ``opened``."""
        run = Run(run_id=self.run_id, mode="SANDBOX", account=self.settings.account_id, started_ns=1)
        await self.history.open(run)
        self._tasks.append(asyncio.create_task(self.writer.run()))
        await self.funding.load(self.history)
        self.funding.orders.name_defaults()
        self.trading.executor.salt = await self.trading.verifier.current_salt()
        await self.trading.deposits.read()
        assert not opened or await self.trading.inventory.sync("opening") is not None
        await until(lambda: self.writer.writable)
        if follow:
            self.follow()

    def follow(self) -> None:
        self._tasks.append(asyncio.create_task(self.funding.withdrawals.run()))
        self._tasks.append(asyncio.create_task(self._poll()))

    async def _poll(self) -> None:
        while True:
            await self.trading.deposits.read()
            await self.trading.inventory.sync("poll")
            await asyncio.sleep(0.1)

    async def crash(self) -> None:
        """End at once: what is not durable is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.history.close(None)

    async def order(
        self,
        amount: int | str,
        key: str = "key",
        *,
        asset: Token = BTC,
        route: Route | None = "transaction",
        fee: int | None = None,
        to: str = "",
        unfreeze: bool = True,
    ) -> Result:
        if unfreeze:
            self.funding.freeze.open("test")
        return await self.funding.orders.withdraw(
            WithdrawalOrder(
                actor="test",
                asset_id=asset.symbol,
                amount=amount,
                destination_address=to,
                expected_fee=fee,
                idempotency_key=key,
                route=route,
            )
        )

    @property
    def all(self) -> list[Withdrawal]:
        return self.trading.withdrawals.shown()

    def only(self) -> Withdrawal:
        [found] = self.all
        return found

    async def reaches(self, *states: str, within_s: float = PATIENCE_S) -> Withdrawal:
        """Return the only withdrawal, once it is in one of the states."""
        await until(lambda: self.only().state in states, within_s, f"{states}; it is {self.states()}")
        return self.only()

    def states(self) -> list[tuple[str, str]]:
        return [(one.state, one.detail) for one in self.all]

    async def rows(self) -> list[str]:
        """Return the states in history, oldest first."""
        await self.writer.flush()
        return [action.status for action in await self.history.liquidity("withdrawal")]

    async def until_explained(self) -> None:
        """Wait until a fresh reading is explained to the last base unit."""
        inventory = self.trading.inventory

        async def explained() -> bool:
            await self.trading.deposits.read()
            await inventory.sync("refresh")
            return inventory.explained and inventory.ledger.unexplained == NOTHING

        await until(explained, what="the balances are explained")


class FundingBench:
    """The venue and everything beside it."""

    def __init__(self, venue: Venue, client: httpx.AsyncClient, state_dir: Path) -> None:
        self.venue = venue
        self.client = client
        self._state_dir = state_dir
        self._lives: list[FundingRun] = []
        self._ahead_ns = 0
        env = venue.env()
        self._control = env["SANDBOX_CONTROL_URL"]
        raw = base58.b58decode(env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"].removeprefix("ed25519:"))
        self.key = SigningKey(raw[:32])
        self.account = env["NEAR_INTENTS_ACCOUNT_ID"]

    async def life(self, *, follow: bool = True, opened: bool = True, **settings: str) -> FundingRun:
        """Start a new run on the same history."""
        given = {
            **self.venue.env(),
            "COCKPIT_STATE_DIR": str(self._state_dir),
            "WITHDRAWAL_COOLING_MS": "0",
            "TRADING_BTC_WITHDRAW_ADDRESS": ADDRESSES["BTC"],
            "TRADING_EURE_WITHDRAW_ADDRESS": ADDRESSES["EURe"],
            **settings,
        }
        life = FundingRun(load(None, given), self.client, len(self._lives), lambda: self._ahead_ns)
        self._lives.append(life)
        await life.start(follow=follow, opened=opened)
        return life

    async def end(self) -> None:
        for life in self._lives:
            life.history.open_gate.set()
            await life.crash()

    async def faults(self, **faults: object) -> None:
        (await self.client.post(self._control + "/faults", json=faults)).raise_for_status()

    async def forward(self, seconds: float) -> None:
        """Let time pass for the venue and for the desks."""
        self._ahead_ns += int(seconds * NS_PER_S)
        (await self.client.post(self._control + "/time", json={"forward_s": seconds})).raise_for_status()

    async def deposit(self, asset: Token, amount: int) -> None:
        body = {"token_id": asset.token_id, "amount": amount, "confirm_after_s": 0}
        (await self.client.post(self._control + "/deposit", json=body)).raise_for_status()

    def held(self, asset: Token = BTC) -> int:
        """Return what the ledger holds for the maker."""
        return self.venue.ledger.balance(self.account, asset.token_id)

    def payments(self, asset: Token = BTC) -> list[Mapping[str, Any]]:
        chains: Any = self.venue.chains()
        found: list[Mapping[str, Any]] = chains[asset.chain]["payments"]
        return found

    def withdrawals_listed(self, asset: Token = BTC) -> list[Mapping[str, Any]]:
        chains: Any = self.venue.chains()
        found: list[Mapping[str, Any]] = chains[asset.chain]["withdrawals"]
        return found


def both(**lost: object) -> dict[str, object]:
    """The same fault of sending on both nodes."""
    return {"near_a": lost, "near_b": lost}
