"""A switchback on a desk that is disarmed, halted, restarted, changed by others, silent or dead."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from cockpit.model.commands import Limits
from cockpit.tuning.switchback import messages
from cockpit.tuning.switchback.errors import ProgressError
from cockpit.tuning.switchback.progress import ProgressFile, alone
from tests.cockpit.tuning.switchback.tried import BOUNDED, OLD, Tried
from tests.support.waiting import until


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


async def test_what_was_put_back_in_a_pause_is_not_taken_for_the_end(tried: Tried) -> None:
    def pause() -> None:
        tried.desk.change(executor_armed=False)
        tried.desk.at[OLD] = resume

    def resume() -> None:
        tried.desk.change(executor_armed=True)
        tried.desk.at[Decimal(14)] = lambda: setattr(tried.desk, "up", False)

    tried.desk.at[Decimal(14)] = pause
    assert await tried.run() == "lost"
    assert tried.desk.width == Decimal(14)
    assert not tried.restored
    assert tried.said[-1] == messages.left(Decimal(14), OLD)


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
