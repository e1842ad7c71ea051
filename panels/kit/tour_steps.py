"""The tour of the sandbox: six steps, each over once what it asks for has really happened. Pure.

A step is judged by the desk's snapshots, beside what was there when it began; only reading is told by the cockpit.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from cockpit.model.ages import age_ms
from cockpit.model.snapshot import Snapshot, WithdrawalRow

Step = Literal["watch", "decision", "shadow", "live", "withdraw", "stop", "over"]

STEPS: tuple[Step, ...] = ("watch", "decision", "shadow", "live", "withdraw", "stop", "over")
"""In their order; the last one says goodbye."""

WATCHED = 5
"""Requests that must have been decided before the first step is over."""
WATCH_MS = 10_000
"""It takes at least this long, so that its few words can be read."""
GOODBYE_MS = 60_000
LEFT = frozenset({"sent", "burned", "bridging", "completed"})
"""States of a withdrawal whose money is on its way, or there."""


class Tour(msgspec.Struct, frozen=True, kw_only=True):
    """A step, and what there was when it began, so that only what happened since counts.

    ``since_ns``: by the desk's clock. ``decided``: decisions counted until then; ``withdrawals`` and ``commands``: the
    ids known until then.
    """

    step: Step
    run_id: str
    since_ns: int
    decided: int
    withdrawals: frozenset[str]
    commands: frozenset[str]


class Touring(msgspec.Struct, frozen=True, kw_only=True):
    """What a screen needs to show of it. Without a ``tour`` it is only offered.

    ``keys``: how each action's key is written, by the action's id. ``why``: why the step's own action can do nothing
    now; empty when it can.
    """

    tour: Tour | None
    keys: Mapping[str, str]
    why: str = ""


def at(step: Step, snapshot: Snapshot) -> Tour:
    """The step, begun at this snapshot."""
    return Tour(
        step=step,
        run_id=snapshot.run_id,
        since_ns=snapshot.at_ns,
        decided=snapshot.counts.decisions,
        withdrawals=frozenset(row.withdrawal_id for row in snapshot.withdrawals),
        commands=frozenset(row.command_id for row in snapshot.journal),
    )


def skipped(tour: Tour, snapshot: Snapshot) -> Tour:
    """The next step, whatever happened in this one."""
    return tour if tour.step == "over" else at(STEPS[STEPS.index(tour.step) + 1], snapshot)


def was_read(tour: Tour, snapshot: Snapshot) -> Tour:
    """A decision was opened, and closed again."""
    return skipped(tour, snapshot) if tour.step == "decision" else tour


def advanced(tour: Tour, snapshot: Snapshot) -> Tour | None:
    """The step the snapshot shows; several at once when they have happened already. None: the tour is over.

    It never goes on in a desk that trades for real; of another desk only what happens from now on counts.
    """
    if snapshot.mode != "SANDBOX":
        return None
    if tour.run_id != snapshot.run_id:
        tour = at(tour.step, snapshot)
    while tour.step in DONE and DONE[tour.step](tour, snapshot):
        tour = skipped(tour, snapshot)
    return None if tour.step == "over" and passed_ms(tour, snapshot) >= GOODBYE_MS else tour


def passed_ms(tour: Tour, snapshot: Snapshot) -> int:
    """Since the step began, by the desk's clock."""
    return age_ms(snapshot.at_ns, tour.since_ns) or 0


def decided(tour: Tour, snapshot: Snapshot) -> int:
    """Requests decided since the step began."""
    return max(0, snapshot.counts.decisions - tour.decided)


def ordered(tour: Tour, snapshot: Snapshot) -> WithdrawalRow | None:
    """The newest withdrawal that this desk made since the step began."""
    rows = (row for row in snapshot.withdrawals if row.ours and row.withdrawal_id not in tour.withdrawals)
    return min(rows, key=lambda row: row.age_ms, default=None)


def _watched(tour: Tour, snapshot: Snapshot) -> bool:
    return decided(tour, snapshot) >= WATCHED and passed_ms(tour, snapshot) >= WATCH_MS


def _withdrawn(tour: Tour, snapshot: Snapshot) -> bool:
    row = ordered(tour, snapshot)
    return row is not None and row.state in LEFT


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
    "withdraw": _withdrawn,
    "stop": _stopped,
}
"""What ends a step by itself; a decision is read by the operator."""
