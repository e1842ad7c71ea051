"""The report of a UTC day, as wide as the dialog, and from there those of the days before and after it."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from cockpit.model.printable import printable
from cockpit.model.recorded.report import RecordedReport, ReportLine, report_title
from panels.dialogs import messages as dialog_messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.dialogs.history import messages
from panels.dialogs.history.port import HistoryPort
from panels.dialogs.outcome import Message
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.text_lines import LineView

DAY_NS = 86_400 * 10**9


class DayReportDialog(Dialog[None]):
    """``at_ns``: a moment of the day, UTC ns. One report is read or drawn at a time; keys pressed meanwhile do nothing.

    It opens at once and reads as soon as its width is known; another width has the same report drawn again.
    """

    ESCAPE: ClassVar[str] = dialog_messages.ESC_BACK
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "back", show=False),
        Binding("left", "day(-1)", show=False),
        Binding("right", "day(1)", show=False),
        Binding("t", "tables", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self, desk: DeskPort, history: HistoryPort, at_ns: int) -> None:
        super().__init__(desk, report_title(at_ns))
        self._history = history
        self._at_ns = at_ns
        self._asked_ns: int | None = at_ns
        """The day to read next, or the one that is being read."""
        self.report: RecordedReport | None = None
        self._reading = False
        self.lines = LineView(id="text")
        self.lines.styles.height = 1

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield self.lines
        yield self.message_line

    def own_keys(self) -> Iterable[str]:
        yield messages.OTHER_DAYS
        if self.report is not None and self.report.fitted.tables_at:
            yield messages.TABLES

    def keys(self) -> Iterable[str]:
        yield from super().keys()
        if self.scroll_part.max_scroll_y > 0:
            yield messages.PAGES

    @property
    def scroll_part(self) -> VerticalScroll:
        return self.query_one("#scroll", VerticalScroll)

    def _fit(self) -> None:
        super()._fit()
        self._ask()

    def _ask(self) -> None:
        """Read the day that is wanted, or draw what was read for the width that there is."""
        width = self.lines.size.width
        if self._reading or not self.is_attached or not width:
            return
        if self._asked_ns is not None:
            at_ns = self._asked_ns
            self._reading = True
            self.show_message(Message(messages.READING, "information"))
            self._history.day_report(at_ns, width, lambda found: self._answered(at_ns, found))
        elif self.report is not None and self.report.fitted.width != width:
            self._reading = True
            self._history.fit_report(self.report, width, self._drawn)

    def _answered(self, at_ns: int, found: RecordedReport | str) -> None:
        self._reading, self._asked_ns = False, None
        if not self.is_attached:
            return
        if isinstance(found, str):
            self.show_message(Message(printable(found), "warning"))
            return
        self._at_ns = at_ns
        self.show_message(None)
        self._show(found)
        self.scroll_part.scroll_to(y=0, animate=False)

    def _drawn(self, found: RecordedReport | str) -> None:
        self._reading = False
        if not self.is_attached:
            return
        if isinstance(found, str):
            self.show_message(Message(printable(found), "warning"))
        else:
            self._show(found)

    def _show(self, report: RecordedReport) -> None:
        self.report = report
        self.query_one("#box").border_title = Content(printable(report.title))
        lines = report.fitted.lines
        self.lines.styles.height = max(1, len(lines))
        self.lines.show(cells(lines))
        self.call_after_refresh(lambda: self.offer(self.view))

    # What its keys do.

    def action_day(self, by: int) -> None:
        """Read the report of another day."""
        at_ns = self._at_ns + by * DAY_NS
        if not self._reading and at_ns >= 0:
            self._asked_ns = at_ns
            self._ask()

    def action_tables(self) -> None:
        if self.report is not None:
            self.scroll_part.scroll_to(y=self.report.fitted.tables_at, animate=False)

    def action_page(self, pages: int) -> None:
        self.scroll_part.scroll_relative(y=pages * max(1, self.scroll_part.size.height - 1), animate=False)


def cells(lines: Sequence[ReportLine]) -> list[Line]:
    return [tuple(Cell(part.text, part.tone) for part in line) for line in lines]
