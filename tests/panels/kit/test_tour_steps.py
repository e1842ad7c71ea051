"""The tour's steps: each is over once what it asks for has happened, as the desk's snapshots show it."""

import pytest
from msgspec.structs import replace

from cockpit.model.snapshot import JournalRow, Snapshot
from panels.kit.tour_steps import (
    LAST_STEP_MS,
    STEPS,
    WATCH_MS,
    WATCHED,
    Step,
    Tour,
    advance,
    decision_read,
    next_step,
    start_step,
)
from tests.support.cockpit import samples

SAFE = samples.disarmed()
SHADOW = replace(SAFE, strategy_armed=True, rung="SHADOW")
LIVE = samples.snapshot()


def later(shot: Snapshot, ms: int, decisions: int = 0) -> Snapshot:
    """The same desk some time later, with more decisions."""
    counts = replace(shot.counts, decisions=shot.counts.decisions + decisions)
    return replace(shot, at_ns=shot.at_ns + ms * 1_000_000, counts=counts)


def withdrawing(shot: Snapshot, state: str, *, ours: bool = True) -> Snapshot:
    """With one more withdrawal, in this state."""
    row = replace(samples.withdrawal(), withdrawal_id="w-new", state=state, age_ms=10, ours=ours)
    return replace(shot, withdrawals=(row, *shot.withdrawals))


def commanded(shot: Snapshot, command: str, actor: str = "ops@bastion", *, accepted: bool = True) -> Snapshot:
    """With one more command in the journal."""
    row = JournalRow(command_id="c-new", age_ms=10, actor=actor, command=command, accepted=accepted, reason="")
    return replace(shot, journal=(row, *shot.journal))


def step(tour: Tour | None) -> Step | None:
    """Where it stands."""
    return None if tour is None else tour.step


@pytest.mark.parametrize(
    ("decisions", "ms", "expected"),
    [
        (WATCHED, WATCH_MS, "decision"),
        (WATCHED - 1, WATCH_MS, "watch"),
        (WATCHED, WATCH_MS - 1, "watch"),
    ],
)
def test_watching_takes_some_decisions_and_the_time_to_read_of_them(decisions: int, ms: int, expected: str) -> None:
    assert step(advance(start_step("watch", SAFE), later(SAFE, ms, decisions))) == expected


def test_a_decision_is_read_by_the_operator_alone() -> None:
    tour = start_step("decision", SAFE)
    assert step(advance(tour, later(LIVE, 3_600_000, 1000))) == "decision"
    assert step(decision_read(tour, SAFE)) == "shadow"
    assert step(decision_read(start_step("live", SHADOW), SHADOW)) == "live"


@pytest.mark.parametrize(
    ("started", "snapshot", "expected"),
    [
        ("shadow", SAFE, "shadow"),
        ("shadow", SHADOW, "live"),
        ("live", SHADOW, "live"),
        ("live", replace(LIVE, alive=replace(LIVE.alive, quotes=0)), "live"),
        ("live", LIVE, "takers"),
        ("shadow", LIVE, "takers"),
        ("takers", LIVE, "takers"),
        ("takers", later(LIVE, 2 * WATCH_MS - 1), "takers"),
        ("takers", later(LIVE, 2 * WATCH_MS), "withdraw"),
        ("withdraw", LIVE, "withdraw"),
        ("withdraw", withdrawing(LIVE, "requested"), "withdraw"),
        ("withdraw", withdrawing(LIVE, "unknown"), "withdraw"),
        ("withdraw", withdrawing(LIVE, "failed"), "withdraw"),
        ("withdraw", withdrawing(LIVE, "completed", ours=False), "withdraw"),
        ("withdraw", withdrawing(LIVE, "sent"), "stop"),
        ("withdraw", withdrawing(LIVE, "burned"), "stop"),
        ("withdraw", withdrawing(LIVE, "completed"), "stop"),
        ("stop", SAFE, "stop"),
        ("stop", commanded(SHADOW, "disarm trade-executor"), "stop"),
        ("stop", commanded(SAFE, "disarm trade-executor"), "over"),
        ("stop", commanded(SAFE, "hard-stop"), "over"),
        ("stop", commanded(SAFE, "disarm trade-executor", "desk"), "stop"),
        ("stop", commanded(SAFE, "disarm trade-executor", accepted=False), "stop"),
        ("stop", commanded(SAFE, "refresh inventory-sync"), "stop"),
    ],
)
def test_what_ends_a_step(started: Step, snapshot: Snapshot, expected: Step) -> None:
    assert step(advance(start_step(started, LIVE), snapshot)) == expected


def test_what_was_there_before_a_step_does_not_end_it() -> None:
    sent = withdrawing(LIVE, "sent")
    assert step(advance(start_step("withdraw", sent), sent)) == "withdraw"
    disarmed = commanded(SAFE, "disarm trade-executor")
    assert step(advance(start_step("stop", disarmed), disarmed)) == "stop"
    assert step(advance(start_step("watch", later(SAFE, 0, WATCHED)), later(SAFE, WATCH_MS, WATCHED))) == "watch"


def test_skipping_goes_through_all_steps_to_the_last() -> None:
    tour, seen = start_step("watch", SAFE), ["watch"]
    for _ in range(10):
        tour = next_step(tour, SAFE)
        seen.append(tour.step)
    assert seen == [*STEPS, "over", "over", "over"]


def test_the_last_step_closes_by_itself() -> None:
    tour = start_step("over", SAFE)
    assert step(advance(tour, later(SAFE, LAST_STEP_MS - 1))) == "over"
    assert advance(tour, later(SAFE, LAST_STEP_MS)) is None


@pytest.mark.parametrize("started", STEPS)
def test_it_never_goes_on_in_a_desk_that_trades_for_real(started: Step) -> None:
    assert advance(start_step(started, SAFE), replace(LIVE, mode="LIVE")) is None


def test_of_another_desk_only_what_happens_from_now_on_counts() -> None:
    other = replace(later(withdrawing(LIVE, "sent"), WATCH_MS, WATCHED), run_id="run-2")
    assert step(advance(start_step("watch", SAFE), other)) == "watch"
    tour = advance(start_step("withdraw", LIVE), other)
    assert step(tour) == "withdraw"
    assert tour is not None
    assert tour.run_id == "run-2"
