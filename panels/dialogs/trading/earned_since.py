"""From when on the P&L panel counts, beside today and this run."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from textual.widget import Widget
from textual.widgets import Input

from panels.dialogs import messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.kit.form_fields import FormEntry
from panels.kit.rows.plain_text import PlainText

TITLE = "P&L since"
EXPLAINED = (
    "All times are UTC: 08:30 of today, 2026-11-25, 2026-11-25 08:30, or 90m, 6h, 7d ago. "
    "Nothing typed: no chosen time. The figures are those of `cockpit report`."
)
UNREADABLE = "not a time: 08:30, 2026-11-25 08:30, 90m, 6h, 7d"
IN_THE_FUTURE = "this time has not come yet"
BEFORE_HISTORY = "a history has times from 1970 on"

_AGO = re.compile(r"(\d{1,6}) ?([mhd])")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d{1,2}):(\d\d)(?::(\d\d))?)?")
_UNITS_S = {"m": 60, "h": 3_600, "d": 86_400}
_NS = 10**9


def read_since(text: str, now_ns: int, *, latest_ns: int | None = None) -> int:
    """Return the time that was typed, UTC ns. Raises ValueError with a sentence.

    ``now_ns``: the moment from which is counted, and whose day is meant; ``latest_ns``: the present, where that is
    another.
    """
    text = text.strip().removesuffix("Z").removesuffix("UTC").strip()
    now = datetime.fromtimestamp(now_ns // _NS, UTC)
    try:
        at = _moment(text, now)
    except (ValueError, OverflowError):
        raise ValueError(UNREADABLE) from None
    if at.year < 1970:
        raise ValueError(BEFORE_HISTORY)
    at_ns = int(at.timestamp()) * _NS
    if at_ns >= (now_ns if latest_ns is None else latest_ns):
        raise ValueError(IN_THE_FUTURE)
    return at_ns


def _moment(text: str, now: datetime) -> datetime:
    if ago := _AGO.fullmatch(text):
        return now - timedelta(seconds=int(ago[1]) * _UNITS_S[ago[2]])
    if clock := _CLOCK.fullmatch(text):
        return now.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
    if day := _DAY.fullmatch(text):
        year, month, date, hour, minute, second = (int(part or 0) for part in day.groups())
        return datetime(year, month, date, hour, minute, second, tzinfo=UTC)
    raise ValueError


class EarnedSinceDialog(Dialog[int]):
    """Returns the time, UTC ns; 0 for none. It commands nothing."""

    ESCAPE = messages.ESC_CANCELS

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, TITLE)
        self._entry = FormEntry("since", "from", placeholder="08:30")

    def body(self) -> Iterable[Widget]:
        yield PlainText(EXPLAINED, id="meaning")
        yield self._entry

    def keys(self) -> Iterable[str]:
        yield "enter: counts from this time"

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._entry.show_problem("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        snapshot = self.view.snapshot
        if not self._entry.value or snapshot is None:
            self.dismiss(0)
            return
        try:
            self.dismiss(read_since(self._entry.value, snapshot.at_ns))
        except ValueError as error:
            self._entry.show_problem(str(error))
