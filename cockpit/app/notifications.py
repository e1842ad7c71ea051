"""What an operator must notice without asking: what others did, fills, faults and disarms by the desk itself. Pure."""

from collections.abc import Collection, Iterable
from typing import Literal

import msgspec

from cockpit.model.commands import ARMABLE
from cockpit.model.formatting import rounded
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.dialogs.arm import is_armed
from panels.kit.labels import part_name
from panels.kit.view import View

Kind = Literal["other", "fill", "fault", "disarm"]
DESK = "the desk:"
"""How the actor begins where the desk acts by itself and says why; without a reason it is "desk" alone."""
FILLS_APART_S = 8.0


class Notification(msgspec.Struct, frozen=True):
    """What happened, in a sentence. Of these only ``fault`` and ``disarm`` stay until they are acknowledged.

    ``fills``: how many a ``fill`` is.
    """

    kind: Kind
    text: str
    fills: int = 0


def happened(former: Snapshot, now: Snapshot, mine: Collection[str]) -> tuple[Notification, ...]:
    """What lies between two snapshots, oldest first. ``mine``: ids of this cockpit's own commands."""
    if former.run_id != now.run_id:
        return (Notification("fault", f"another desk answers now (run {now.run_id}); it starts disarmed"),)
    known = {row.command_id for row in former.journal}
    rows = [row for row in reversed(now.journal) if row.command_id not in known and row.command_id not in mine]
    found = [happening for row in rows if (happening := _of_row(row)) is not None]
    found += _untold_disarms(former, now, known)
    settled = now.counts.settled - former.counts.settled
    if settled > 0:
        found.append(Notification("fill", _fill(settled, now), settled))
    found += _faults(former, now)
    return tuple(found)


def _of_row(row: JournalRow) -> Notification | None:
    if row.actor == "desk" or row.actor.startswith(DESK):
        stops = row.command == "hard-stop" or row.command.startswith("disarm ")
        return Notification("disarm", f"{row.actor}: {row.reason or row.command}") if stops else None
    done = row.reason or row.command
    return Notification(
        "other", f"{row.actor}: {done}" if row.accepted else f"{row.actor}: {row.command} refused: {done}"
    )


def _untold_disarms(former: Snapshot, now: Snapshot, known: Collection[str]) -> Iterable[Notification]:
    """What fell without a line of the journal that tells so: the journal shows the newest commands only."""
    commands = {row.command for row in now.journal if row.command_id not in known and row.accepted}
    for part in ARMABLE:
        if not is_armed(former, part) or is_armed(now, part) or commands & {f"disarm {part}", "hard-stop", "shutdown"}:
            continue
        why = now.strategy_why if part == "strategy-engine" else now.executor_why
        yield Notification("disarm", f"{part_name(part)} disarmed: {why or 'no reason given'}")


def _fill(settled: int, now: Snapshot) -> str:
    if settled > 1 or not now.executions:
        return f"{settled} fills"
    last = now.executions[0]
    return f"filled: {last.side} {last.base_amount.normalize():f} BTC at {rounded(last.price, 2)} EUR"


def _faults(former: Snapshot, now: Snapshot) -> Iterable[Notification]:
    for what, before, after in (("the history", former.history, now.history), ("the relay", former.relay, now.relay)):
        if before == "ok" and after in ("down", "degraded"):
            yield Notification("fault", f"{what} is {after}")
    if former.reconciled and not now.reconciled:
        for row in now.inventory.rows:
            if row.unexplained:
                yield Notification("fault", f"{row.unexplained.normalize():+f} {row.symbol} are unexplained")


class FillCounter:
    """Fills that were not told yet. They are told at once, but not again before FILLS_APART_S: then all together.

    A busy desk would otherwise cover its own panels with notes of fills.
    """

    def __init__(self) -> None:
        self._waiting: Notification | None = None
        self._not_before_s = float("-inf")

    def add(self, fill: Notification) -> None:
        """Have it told."""
        before = self._waiting
        if before is not None:
            count = before.fills + fill.fills
            fill = Notification("fill", f"{count:,} fills", count)
        self._waiting = fill

    def due(self, at_s: float) -> Notification | None:
        """What is to be told now; None for nothing."""
        if self._waiting is None or at_s < self._not_before_s:
            return None
        fill, self._waiting, self._not_before_s = self._waiting, None, at_s + FILLS_APART_S
        return fill


class FaultLog:
    """Faults that nobody has acknowledged, oldest first, each text once."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        """Keep it until it is acknowledged."""
        if text not in self._texts:
            self._texts.append(text)
            del self._texts[:-50]

    def acknowledge(self) -> tuple[str, ...]:
        """Forget them; what was forgotten."""
        texts, self._texts = tuple(self._texts), []
        return texts

    @property
    def texts(self) -> tuple[str, ...]:
        """What waits to be acknowledged."""
        return tuple(self._texts)


def title(view: View) -> str:
    """The window's title: world, state and account in a few words, the weightiest first."""
    snapshot = view.snapshot
    if snapshot is None:
        return "cockpit: no desk"
    state = {"SAFE": "○ SAFE", "SHADOW": "◐ SHADOW", "LIVE": "● ARMED"}[snapshot.rung]
    if view.silent:
        state = "✗ DESK SILENT" if not view.link_lost else "✗ DESK NOT REACHED"
    return f"[{snapshot.mode}] {state} {snapshot.account}"
