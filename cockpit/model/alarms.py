"""The venue's own alarms as a cockpit shows them, and the sentences that say so."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from cockpit.model.formatting import age, caption_age

NO_ALARMS = "no alarms"
NOT_ASKED = "not read yet"
SWITCHED_OFF = "switched off"


class AlarmRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that a source publishes.

    ``effect``: ``disarms``, ``warns`` (announced for later) or ``shown`` (it touches others only). ``subject`` and
    ``reason``: one line each. ``starts_ns``: when it starts or started, UTC; None when unknown.
    """

    source: str
    subject: str
    effect: Literal["disarms", "warns", "shown"]
    reason: str
    starts_ns: int | None = None


class AlarmSourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A source of alarms.

    ``age_ms``: since it was last read; None: never. ``unreadable_ms``: for how long it cannot be read, and ``problem``
    why; None while it can. ``off``: a setting switched it off.
    """

    source: str
    age_ms: int | None = None
    unreadable_ms: int | None = None
    problem: str = ""
    off: bool = False


class AlarmsState(msgspec.Struct, frozen=True, kw_only=True):
    """What the sources publish, those that disarm first. ``more``: alarms beyond ``rows``."""

    rows: tuple[AlarmRow, ...] = ()
    more: int = 0
    sources: tuple[AlarmSourceRow, ...] = ()


def utc(at_ns: int) -> str:
    """Show a time of day with its date, UTC."""
    return f"{datetime.fromtimestamp(at_ns // 10**9, UTC):%Y-%m-%d %H:%M:%S} UTC"


def alarm_text(row: AlarmRow) -> str:
    """Say what it is, when it starts if that is announced, and why it counts or not."""
    if row.effect == "warns" and row.starts_ns is not None:
        return f"{row.source}: {row.subject}; starts {utc(row.starts_ns)} and then disarms"
    return f"{row.source}: {row.subject} ({row.reason})"


def source_text(row: AlarmSourceRow) -> str:
    """Say how old the source's word is, or since when it cannot be read."""
    if row.off:
        return f"{row.source} {SWITCHED_OFF}"
    if row.unreadable_ms is not None:
        last = "never read" if row.age_ms is None else f"read {caption_age(row.age_ms)}"
        return f"{row.source} unreadable for {age(row.unreadable_ms // 5000 * 5000)} ({last}): {row.problem}"
    return f"{row.source} {NOT_ASKED}" if row.age_ms is None else f"{row.source} read {caption_age(row.age_ms)}"


def none_known(state: AlarmsState) -> bool:
    """Return whether what was read holds no alarm; False while nothing was read."""
    return not state.rows and (not state.sources or any(row.age_ms is not None for row in state.sources))


def unreadable(state: AlarmsState) -> bool:
    """Return whether a source that is not switched off cannot be read."""
    return any(row.unreadable_ms is not None for row in state.sources)


def unasked(state: AlarmsState) -> bool:
    """Return whether a source has neither answered nor failed yet."""
    return any(row.age_ms is None and row.unreadable_ms is None and not row.off for row in state.sources)
