"""What an operator must notice without asking: what others did, fills, faults and disarms by the desk itself. Pure."""

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from cockpit.model.commands import ARMABLE
from cockpit.model.formatting import counted, rounded
from cockpit.model.recorded.names import short_names
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.dialogs import messages
from panels.dialogs.trading.arm import is_armed
from panels.frame.status_bar import lost_connection
from panels.kit.labels import part_name
from panels.kit.view import View

Kind = Literal["other", "fill", "fault", "disarm"]
DESK_ACTOR = "the desk:"
"""How the journal's actor starts where the desk acts by itself and says why; without a reason it is "desk" alone."""
FILLS_APART_S = 8.0
MAX_FAULTS = 50


class Notification(msgspec.Struct, frozen=True):
    """A sentence about what happened. Of these only ``fault`` and ``disarm`` stay until they are acknowledged.

    ``fills``: how many fills a ``fill`` stands for. ``journalled``: the desk's journal says it, too.
    """

    kind: Kind
    text: str
    fills: int = 0
    journalled: bool = False


def diff_snapshots(before: Snapshot, now: Snapshot, own_ids: Collection[str]) -> tuple[Notification, ...]:
    """Return what happened between two snapshots, oldest first. ``own_ids``: the commands of this cockpit."""
    if before.run_id != now.run_id:
        return (Notification("fault", f"A different desk is connected now (run {now.run_id}). It starts disarmed."),)
    known = {row.command_id for row in before.journal}
    rows = [row for row in reversed(now.journal) if row.command_id not in known and row.command_id not in own_ids]
    found = [notification for row in rows if (notification := _of_row(row)) is not None]
    found += _disarms_without_row(before, now, known)
    settled = now.counts.settled - before.counts.settled
    if settled > 0:
        found.append(Notification("fill", _fill_text(settled, now), settled))
    found += _faults(before, now)
    return tuple(found)


def _of_row(row: JournalRow) -> Notification | None:
    reason = short_names(row.reason or row.command)
    if row.actor == "desk" or row.actor.startswith(DESK_ACTOR):
        stops = row.command == "hard-stop" or row.command.startswith("disarm ")
        return Notification("disarm", f"{row.actor}: {reason}", journalled=True) if stops else None
    text = reason if row.accepted else f"{short_names(row.command)} refused: {reason}"
    return Notification("other", f"{row.actor}: {text}", journalled=True)


def _disarms_without_row(before: Snapshot, now: Snapshot, known: Collection[str]) -> Iterable[Notification]:
    # Disarms that the journal does not show: it lists the newest commands only.
    commands = {row.command for row in now.journal if row.command_id not in known and row.accepted}
    for part in ARMABLE:
        if not is_armed(before, part) or is_armed(now, part) or commands & {f"disarm {part}", "hard-stop", "shutdown"}:
            continue
        reason = now.strategy_why if part == "strategy-engine" else now.executor_why
        yield Notification("disarm", f"{part_name(part)} disarmed: {reason or messages.NO_REASON}")


def _fill_text(settled: int, now: Snapshot) -> str:
    if settled > 1 or not now.executions:
        return counted(settled, "fill")
    last = now.executions[0]
    return f"filled: {last.side} {last.base_amount.normalize():f} {last.base_symbol} at {rounded(last.price, 2)} EUR"


def _faults(before: Snapshot, now: Snapshot) -> Iterable[Notification]:
    for name, was, state in (("history", before.history, now.history), ("relay", before.relay, now.relay)):
        if was == "ok" and state in ("down", "degraded"):
            yield Notification("fault", f"{name} is {state}")
    alerts = now.alerts
    if before.alerts.state in ("ok", "starting") and alerts.state in ("degraded", "down"):
        yield Notification("fault", f"alerts are {alerts.state}: {alerts.detail}")
    if before.reconciled and not now.reconciled:
        for row in now.inventory.rows:
            if row.unexplained:
                yield Notification("fault", f"unexplained difference: {row.unexplained.normalize():+f} {row.symbol}")


class FillCounter:
    """Fills that were not announced yet: the first at once, the next ones together after ``FILLS_APART_S``.

    A busy desk would otherwise cover its own panels with notes of fills.
    """

    def __init__(self) -> None:
        self._waiting: Notification | None = None
        self._not_before_s = float("-inf")

    def add(self, fill: Notification) -> None:
        waiting = self._waiting
        if waiting is not None:
            count = waiting.fills + fill.fills
            fill = Notification("fill", counted(count, "fill"), count)
        self._waiting = fill

    def take_due(self, now_s: float) -> Notification | None:
        """Return what is to be announced now, once; None for nothing."""
        if self._waiting is None or now_s < self._not_before_s:
            return None
        fill, self._waiting, self._not_before_s = self._waiting, None, now_s + FILLS_APART_S
        return fill


class FaultLog:
    """Faults that nobody has acknowledged, oldest first, each text once."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        if text not in self._texts:
            self._texts.append(text)
            del self._texts[:-MAX_FAULTS]

    def acknowledge(self) -> tuple[str, ...]:
        """Clear the faults and return their texts."""
        texts, self._texts = tuple(self._texts), []
        return texts

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self._texts)


def terminal_title(view: View) -> str:
    """Return mode, state and account in a few words, the most important first."""
    snapshot = view.snapshot
    if snapshot is None:
        return "cockpit: no desk"
    state = {"SAFE": "○ SAFE", "SHADOW": "◐ SHADOW", "LIVE": "● ARMED"}[snapshot.rung]
    if view.silent:
        state = f"✗ {lost_connection(view)}"
    return f"[{snapshot.mode}] {state} {snapshot.account}"
