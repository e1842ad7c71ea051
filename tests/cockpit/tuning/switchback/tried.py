"""A desk as a switchback's client sees it, and a plan that is tried on it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from cockpit.client.desk_client import ConnectionLost, Outcome, UnknownOutcome
from cockpit.model.commands import Limits, PriceParams, Result
from cockpit.model.environment import Environment
from cockpit.model.snapshot import Snapshot
from cockpit.tuning.switchback import messages
from cockpit.tuning.switchback.driver import End, Switchback
from cockpit.tuning.switchback.plan import Plan, Step
from cockpit.tuning.switchback.progress import ProgressFile
from tests.support.cockpit.samples import snapshot
from venue.protocol.units import NS_PER_S

SHOT = snapshot()
TICK_NS = NS_PER_S // 4
OLD = Decimal(20)
PLAN = Plan(
    seed=1,
    max_notional_eure=Decimal(5),
    max_fills_per_hour=60,
    max_cost_eure=Decimal(25),
    steps=tuple(Step(half_spread_bps=Decimal(width), seconds=6) for width in (14, 10, 7)),
)
BOUNDED = Limits(max_notional_eure=Decimal(5), max_fills_per_hour=60, min_edge_bps=Decimal(3))


class PricedDesk:
    """A desk as its client sees it: a stream that moves the clock, and pricing that can be lost. ``at`` maps widths to
    what happens once one is seen in force."""

    def __init__(self) -> None:
        self.now_ns = 10**18
        self.width = OLD
        self.up = True
        self.silent = 0
        """How many answers get lost from now on, although the command is carried out."""
        self.refuses = ""
        self.commands: list[Decimal] = []
        self.ids: dict[str, Result] = {}
        self.changes: dict[str, object] = {
            "run_id": "run-1",
            "mode": "LIVE",
            "limits": BOUNDED,
            "strategy_armed": True,
            "executor_armed": True,
            "trading": "ACTIVE",
        }
        self.at: dict[Decimal, Callable[[], None]] = {}
        self.traded: dict[Decimal, float] = {}
        self.ticks = 0
        self.pace_s = 0.001
        self.each: Callable[[int], None] = lambda tick: None
        """Called before every item of the stream with its number."""

    async def snapshots(self) -> AsyncIterator[Snapshot | ConnectionLost]:
        while True:
            await asyncio.sleep(self.pace_s)
            self.ticks += 1
            self.each(self.ticks)
            if not self.up:
                self.now_ns += 5 * NS_PER_S
                yield ConnectionLost("no desk is running")
                continue
            self.now_ns += TICK_NS
            happens = self.at.pop(self.width, None)
            shot = msgspec.structs.replace(
                SHOT, at_ns=self.now_ns, pricing=PriceParams(half_spread_bps=self.width), **self.changes
            )
            if shot.executor_armed and shot.trading == "ACTIVE":
                self.traded[self.width] = self.traded.get(self.width, 0) + TICK_NS / NS_PER_S
            yield shot
            if happens is not None:
                happens()

    async def pricing(self, changes: Mapping[str, object], *, command_id: str = "") -> Outcome:
        self.now_ns += NS_PER_S // 100
        if not self.up:
            self.now_ns += 8 * NS_PER_S
            return UnknownOutcome("set pricing", "no desk is running", sent=False, command_id=command_id)
        if command_id not in self.ids:
            width = Decimal(str(changes[messages.SETTING]))
            if not self.refuses:
                self.width = width
                self.commands.append(width)
            self.ids[command_id] = Result(
                command_id=command_id,
                command="set pricing",
                accepted=not self.refuses,
                reason=self.refuses or "done",
                at_ns=self.now_ns,
            )
        if self.silent:
            self.silent -= 1
            return UnknownOutcome("set pricing", "no answer", command_id=command_id)
        return self.ids[command_id]

    def change(self, **changes: object) -> None:
        self.changes |= changes

    def restart(self, width: Decimal = OLD) -> None:
        self.width = width
        self.ids.clear()
        self.change(run_id="run-2")


class Tried:
    """A plan on a desk, its progress in a file, and what it said."""

    def __init__(self, folder: Path, plan: Plan = PLAN) -> None:
        self.desk = PricedDesk()
        self.plan = plan
        self.path = folder / "plan.json"
        self.said: list[str] = []
        self.stopping = asyncio.Event()
        self.restored = False

    @property
    def progress(self) -> ProgressFile:
        return ProgressFile(self.path, self.plan.digest)

    def switchback(self) -> Switchback:
        ids = iter(range(10**6))
        prefix = len(self.desk.ids)
        env = Environment(monotonic_ns=lambda: self.desk.now_ns, new_id=lambda: f"id-{prefix}-{next(ids)}")
        return Switchback(self.plan, self.progress, self.desk, env=env, told=self.said.append, stopping=self.stopping)

    async def run(self) -> End:
        made = self.switchback()
        async with asyncio.timeout(30):
            end = await made.run()
        self.restored = made.restored
        return end

    def told(self, text: str) -> bool:
        return any(text in line for line in self.said)
