"""The tour of the sandbox: seven steps, each over once what it asks for has happened. Pure.

A step is judged by the desk's snapshots, compared with its start; only reading a decision is reported by the cockpit.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from cockpit.model.ages import age_ms
from cockpit.model.snapshot import Snapshot, WithdrawalRow

Step = Literal["watch", "decision", "shadow", "live", "takers", "withdraw", "stop", "over"]

STEPS: tuple[Step, ...] = ("watch", "decision", "shadow", "live", "takers", "withdraw", "stop", "over")
"""In their order; the last one closes the tour."""

WATCHED = 5
"""Requests that must have been decided before the first step is over."""
WATCH_MS = 10_000
"""It takes at least this long, so that its text can be read."""
LAST_STEP_MS = 60_000
SENT_STATES = frozenset({"sent", "burned", "bridging", "completed"})
"""States of a withdrawal that is in flight or completed."""


class Tour(msgspec.Struct, frozen=True, kw_only=True):
    """A step, and the state when it started, so that only what happened since counts.

    ``since_ns``: by the desk's clock. ``decided``: decisions counted until then; ``withdrawals`` and ``commands``: the
    ids known until then.
    """

    step: Step
    run_id: str
    since_ns: int
    decided: int
    withdrawals: frozenset[str]
    commands: frozenset[str]


class TourView(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen shows of the tour. Without a ``tour`` it is only offered.

    ``keys``: how each action's key is written, by the action's id. ``reason``: why the step's action is unavailable;
    empty when it is available.
    """

    tour: Tour | None
    keys: Mapping[str, str]
    reason: str = ""


def start_step(step: Step, snapshot: Snapshot) -> Tour:
    return Tour(
        step=step,
        run_id=snapshot.run_id,
        since_ns=snapshot.at_ns,
        decided=snapshot.counts.decisions,
        withdrawals=frozenset(row.withdrawal_id for row in snapshot.withdrawals),
        commands=frozenset(row.command_id for row in snapshot.journal),
    )


def next_step(tour: Tour, snapshot: Snapshot) -> Tour:
    """Start the next step, whatever happened in this one."""
    return tour if tour.step == "over" else start_step(STEPS[STEPS.index(tour.step) + 1], snapshot)


def decision_read(tour: Tour, snapshot: Snapshot) -> Tour:
    """Go on after a decision was opened and closed."""
    return next_step(tour, snapshot) if tour.step == "decision" else tour


def advance(tour: Tour, snapshot: Snapshot) -> Tour | None:
    """Return the step that the snapshot shows, several steps on if they have happened already. None: the tour is over.

    It ends on a desk that trades for real; on another desk only what happens from now on counts.
    """
    if snapshot.mode != "SANDBOX":
        return None
    if tour.run_id != snapshot.run_id:
        tour = start_step(tour.step, snapshot)
    while tour.step in DONE and DONE[tour.step](tour, snapshot):
        tour = next_step(tour, snapshot)
    return None if tour.step == "over" and passed_ms(tour, snapshot) >= LAST_STEP_MS else tour


def passed_ms(tour: Tour, snapshot: Snapshot) -> int:
    """Return the time since the step started, by the desk's clock."""
    return age_ms(snapshot.at_ns, tour.since_ns) or 0


def decided(tour: Tour, snapshot: Snapshot) -> int:
    """Count the requests decided since the step started."""
    return max(0, snapshot.counts.decisions - tour.decided)


def withdrawal_of_step(tour: Tour, snapshot: Snapshot) -> WithdrawalRow | None:
    """Return the newest withdrawal that this desk made since the step started."""
    rows = (row for row in snapshot.withdrawals if row.ours and row.withdrawal_id not in tour.withdrawals)
    return min(rows, key=lambda row: row.age_ms, default=None)


def _watched(tour: Tour, snapshot: Snapshot) -> bool:
    return decided(tour, snapshot) >= WATCHED and passed_ms(tour, snapshot) >= WATCH_MS


def _takers_read(tour: Tour, snapshot: Snapshot) -> bool:
    return passed_ms(tour, snapshot) >= 2 * WATCH_MS


def _withdrawn(tour: Tour, snapshot: Snapshot) -> bool:
    row = withdrawal_of_step(tour, snapshot)
    return row is not None and row.state in SENT_STATES


def _stopped(tour: Tour, snapshot: Snapshot) -> bool:
    # Somebody disarmed since the step started: the desk's own disarming teaches nobody the key.
    return not (snapshot.strategy_armed or snapshot.executor_armed) and any(
        row.accepted and row.command.startswith(("disarm", "hard-stop")) and not row.actor.startswith("desk")
        for row in snapshot.journal
        if row.command_id not in tour.commands
    )


DONE: Mapping[Step, Callable[[Tour, Snapshot], bool]] = {
    "watch": _watched,
    "shadow": lambda _tour, snapshot: snapshot.strategy_armed,
    "live": lambda _tour, snapshot: snapshot.executor_armed and snapshot.alive.quotes > 0,
    "takers": _takers_read,
    "withdraw": _withdrawn,
    "stop": _stopped,
}
"""What ends a step by itself; a decision is read by the operator. That of the takers has two texts to be read."""
