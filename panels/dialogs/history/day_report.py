"""The report of a UTC day, and from there those of the days before and after it."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from cockpit.model.printable import printable
from cockpit.model.recorded.pages import RecordedText
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.history import messages
from panels.dialogs.history.port import HistoryPort
from panels.dialogs.history.recorded_text import RecordedTextDialog
from panels.kit.rows.plain_text import PlainText

DAY_NS = 86_400 * 10**9


class DayReportDialog(RecordedTextDialog):
    """``at_ns``: a moment of the day, UTC ns. One day is read at a time; keys pressed meanwhile do nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "day(-1)", show=False),
        Binding("right", "day(1)", show=False),
    ]

    def __init__(self, desk: DeskPort, history: HistoryPort, text: RecordedText, at_ns: int) -> None:
        super().__init__(desk, text)
        self._history = history
        self._at_ns = at_ns
        self._reading = False

    def own_keys(self) -> Iterable[str]:
        yield messages.OTHER_DAYS

    def action_day(self, by: int) -> None:
        """Read the report of another day."""
        at_ns = self._at_ns + by * DAY_NS
        if self._reading or at_ns < 0:
            return
        self._reading = True
        self.answer_key(messages.READING)
        self._history.day_report(at_ns, lambda found: self._answered(at_ns, found))

    def _answered(self, at_ns: int, found: RecordedText | str) -> None:
        self._reading = False
        if not self.is_attached:
            return
        if isinstance(found, str):
            self.answer_key(printable(found))
            return
        self._at_ns = at_ns
        self.answer_key("")
        self.query_one("#box").border_title = Content(printable(found.title))
        self.query_one("#text", PlainText).update(printable("\n".join(found.lines), lines=True))
        scroll = self.query_one("#scroll", VerticalScroll)
        scroll.scroll_to(y=0, animate=False)
