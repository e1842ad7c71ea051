"""The venue's own alarms as lines, for what an operator reads before arming, depositing or withdrawing."""

from collections.abc import Mapping

from cockpit.model.alarms import NO_ALARMS, AlarmRow, AlarmsState, alarm_text, none_known, source_text, unreadable
from cockpit.model.formatting import counted
from cockpit.model.snapshot import Snapshot
from panels.kit.rows.cells import Cell, Field, Line
from panels.kit.theme import Role

SHOWN = 3
MARKS: Mapping[str, tuple[str, Role]] = {"disarms": ("✗", "bad"), "warns": ("!", "warn"), "shown": ("·", "muted")}
"""The glyph of each effect of an alarm, and its role."""


def _cell(row: AlarmRow) -> Cell:
    mark, role = MARKS[row.effect]
    return Cell(f"{mark} {alarm_text(row)}", role)


def _sources(state: AlarmsState) -> Cell:
    text = "; ".join(source_text(row) for row in state.sources)
    head = f"{NO_ALARMS} of the venue; " if none_known(state) else ""
    return Cell(f"{head}{text}", "warn" if unreadable(state) else "muted")


def alarm_lines(snapshot: Snapshot) -> list[Line]:
    """Show the gravest alarms, how many more there are, and how old the sources' word is."""
    state = snapshot.alarms
    lines: list[Line] = [(_cell(row),) for row in state.rows[:SHOWN]]
    more = len(state.rows) - SHOWN + state.more
    if more > 0:
        lines.append((Cell(f"  and {more} more: see Interlocks", "muted"),))
    return [*lines, (_sources(state),)] if state.sources else lines


def alarm_fields(snapshot: Snapshot) -> tuple[Field, ...]:
    """Show every alarm that the snapshot has, for the details of the interlock."""
    state = snapshot.alarms
    rows = [Field("alarm", _cell(row), copy=True) for row in state.rows]
    more = [Field("alarm", Cell(f"{state.more} more", "muted"))] if state.more else []
    return (*rows, *more, *(Field("source", Cell(source_text(row), "muted")) for row in state.sources))


def alarm_words(snapshot: Snapshot) -> str:
    """Name the alarms that matter here in a few words, for a panel's frame; empty without one."""
    grave = sum(row.effect != "shown" for row in snapshot.alarms.rows)
    return counted(grave, "venue alarm") if grave else ""
