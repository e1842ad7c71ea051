"""A switchback on a desk that is disarmed, halted, restarted, changed by others, silent or dead."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from cockpit.client.desk_client import ConnectionLost, Outcome, UnknownOutcome
from cockpit.model.commands import Limits, PriceParams, Result
from cockpit.model.environment import Environment
from cockpit.model.snapshot import Snapshot
from cockpit.tuning.switchback import messages
from cockpit.tuning.switchback.driver import End, Switchback
from cockpit.tuning.switchback.errors import ProgressError
from cockpit.tuning.switchback.plan import Plan, Step
from cockpit.tuning.switchback.progress import ProgressFile, alone
from tests.support.cockpit.samples import snapshot
from tests.support.waiting import until
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


class Desk:
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

    async def snapshots(self) -> AsyncIterator[Snapshot | ConnectionLost]:
        while True:
            await asyncio.sleep(0.001)
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
        self.desk = Desk()
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


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tried:
    monkeypatch.setattr("cockpit.tuning.switchback.driver.AGAIN_S", 0.001)
    return Tried(tmp_path)


WIDTHS = [Decimal(14), Decimal(10), Decimal(7)]


async def test_each_width_is_in_force_for_its_time_and_the_old_one_at_the_end(tried: Tried) -> None:
    assert await tried.run() == "finished"
    assert tried.desk.commands == [*WIDTHS, OLD]
    assert (tried.desk.width, tried.restored) == (OLD, True)
    assert tried.said[-1] == f"put back; {messages.in_force(OLD)}"
    for width in WIDTHS:
        assert tried.desk.traded[width] == pytest.approx(6, abs=1)
    assert tried.progress.current.step == 3
    assert await tried.run() == "finished"
    assert tried.desk.commands == [*WIDTHS, OLD], "a finished plan changes nothing"


async def test_a_stop_puts_the_old_width_back_and_the_next_run_goes_on(tried: Tried) -> None:
    tried.desk.at[Decimal(10)] = tried.stopping.set
    assert await tried.run() == "stopped"
    assert (tried.desk.width, tried.restored) == (OLD, True)
    tried.stopping.clear()
    assert await tried.run() == "finished"
    assert tried.desk.commands == [Decimal(14), Decimal(10), OLD, Decimal(10), Decimal(7), OLD]


async def test_a_process_that_died_leaves_on_record_what_to_put_back(tried: Tried) -> None:
    made = tried.switchback()
    running = asyncio.create_task(made.run())
    await until(lambda: tried.desk.width == Decimal(10), 30)
    tried.desk.up = False
    made._restore_s = 0
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    tried.desk.up = True
    assert tried.desk.width == Decimal(10)
    assert (tried.progress.current.before, tried.progress.current.asked) == (OLD, Decimal(10))
    assert await tried.switchback().restore()
    assert tried.desk.width == OLD
    assert await tried.switchback().restore()
    assert tried.told(messages.NOTHING_TO_RESTORE)


@pytest.mark.parametrize(
    ("pausing", "resuming"),
    [
        ({"executor_armed": False}, {"executor_armed": True}),
        ({"strategy_armed": False}, {"strategy_armed": True}),
        ({"trading": "HALTED"}, {"trading": "ACTIVE"}),
        ({"trading": "REDUCING"}, {"trading": "ACTIVE"}),
        (
            {"limits": msgspec.structs.replace(BOUNDED, max_notional_eure=Decimal(6))},
            {"limits": BOUNDED},
        ),
    ],
)
async def test_while_the_desk_does_not_trade_the_old_width_is_in_force_and_no_time_counts(
    tried: Tried, pausing: dict[str, object], resuming: dict[str, object]
) -> None:
    def pause() -> None:
        tried.desk.change(**pausing)
        tried.desk.at[OLD] = lambda: tried.desk.change(**resuming)

    tried.desk.at[Decimal(14)] = pause
    assert await tried.run() == "finished"
    assert tried.desk.commands == [Decimal(14), OLD, *WIDTHS, OLD]
    assert tried.told("paused: ")
    assert tried.told("goes on")
    assert tried.desk.traded[Decimal(14)] == pytest.approx(6, abs=2)


async def test_what_somebody_else_sets_stays_and_ends_the_plan(tried: Tried) -> None:
    tried.desk.at[Decimal(10)] = lambda: setattr(tried.desk, "width", Decimal(30))
    assert await tried.run() == "foreign"
    assert (tried.desk.width, tried.restored) == (Decimal(30), True)
    assert tried.said[-1] == f"{messages.FOREIGN}; {messages.in_force(Decimal(30))}"
    assert tried.progress.current.asked is None


async def test_what_somebody_set_while_the_plan_did_not_run_stays_too(tried: Tried) -> None:
    tried.progress.save(run_id="run-1", before=OLD, asked=Decimal(14))
    tried.desk.width = Decimal(30)
    assert await tried.run() == "foreign"
    assert tried.desk.commands == []
    tried.progress.save(asked=Decimal(14))
    assert await tried.switchback().restore()
    assert tried.desk.width == Decimal(30)


async def test_a_command_without_an_answer_is_repeated_and_done_once(tried: Tried) -> None:
    tried.desk.silent = 1
    assert await tried.run() == "finished"
    assert tried.desk.commands == [*WIDTHS, OLD]


async def test_a_restarted_desk_is_begun_anew_with_its_own_settings(tried: Tried) -> None:
    tried.desk.at[Decimal(10)] = lambda: tried.desk.restart(Decimal(18))
    assert await tried.run() == "finished"
    assert tried.told(messages.RESTARTED)
    assert tried.desk.commands == [Decimal(14), Decimal(10), Decimal(10), Decimal(7), Decimal(18)]


async def test_a_dead_desk_is_given_up_and_said_so(tried: Tried) -> None:
    tried.desk.at[Decimal(10)] = lambda: setattr(tried.desk, "up", False)
    assert await tried.run() == "lost"
    assert not tried.restored
    assert tried.told(messages.NO_ANSWER)
    assert tried.said[-1] == messages.left(Decimal(10), OLD)
    tried.desk.up = True
    tried.desk.restart(Decimal(18))
    assert await tried.run() == "finished"
    assert tried.desk.width == Decimal(18)


async def test_a_refused_width_ends_the_plan_with_the_old_one(tried: Tried) -> None:
    tried.desk.refuses = "half_spread_bps must be from 0 to 5000"
    assert await tried.run() == "refused"
    assert (tried.desk.width, tried.restored) == (OLD, True)
    assert tried.told("must be from 0 to 5000")


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (msgspec.structs.replace(BOUNDED, max_notional_eure=Decimal(500)), "max_notional_eure"),
        (msgspec.structs.replace(BOUNDED, max_fills_per_hour=61), "max_fills_per_hour"),
        (msgspec.structs.replace(BOUNDED, min_edge_bps=Decimal("7.5")), "min_edge_bps"),
    ],
)
async def test_nothing_is_begun_outside_the_bounds(tried: Tried, limits: Limits, named: str) -> None:
    tried.desk.change(limits=limits)
    assert await tried.run() == "refused"
    assert tried.desk.commands == []
    assert tried.told(named)


async def test_a_rehearsal_has_other_limits(tried: Tried) -> None:
    tried.desk.change(mode="SANDBOX", limits=Limits(max_notional_eure=Decimal(500), min_edge_bps=Decimal(2)))
    assert await tried.run() == "finished"
    assert tried.told(messages.REHEARSAL)


async def test_a_terminal_that_is_gone_does_not_keep_the_old_width_from_being_put_back(tried: Tried) -> None:
    def gone(text: str) -> None:
        raise BrokenPipeError

    made = tried.switchback()
    made._told = gone
    tried.desk.at[Decimal(14)] = tried.stopping.set
    assert await made.run() == "stopped"
    assert tried.desk.width == OLD


async def test_a_full_disk_puts_the_old_width_back_and_says_so(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    tried.desk.at[Decimal(14)] = lambda: monkeypatch.setattr("cockpit.tuning.switchback.progress.write_durably", full)
    with pytest.raises(ProgressError, match="No space left"):
        await tried.run()
    assert tried.desk.width == OLD


def test_a_plan_is_run_once_at_a_time(tmp_path: Path) -> None:
    with alone(tmp_path / "plan.json"), pytest.raises(ProgressError, match="another"), alone(tmp_path / "plan.json"):
        pass
    with alone(tmp_path / "plan.json"):
        pass


def test_progress_of_another_plan_or_unreadable_is_refused(tried: Tried) -> None:
    tried.progress.save(step=1)
    with pytest.raises(ProgressError, match="another plan"):
        ProgressFile(tried.path, "other")
    tried.path.with_name("plan.json.progress").write_text("{")
    with pytest.raises(ProgressError, match="cannot be read"):
        ProgressFile(tried.path, tried.plan.digest)
