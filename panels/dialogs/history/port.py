"""What the history dialogs need of the history; the app implements it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from cockpit.model.recorded.board import RecordedBoard
from cockpit.model.recorded.pages import Cursor, LiveFilter, RecordedList, RecordedPage, RecordedText, Step
from cockpit.model.recorded.report import RecordedReport
from cockpit.model.trading_figures.earnings import EarningsState

T = TypeVar("T")

Answer = Callable[[T | str], None]
"""Takes what was read, or one sentence that says why it cannot be."""


class HistoryPort(Protocol):
    """Each reads in the background and answers later, once. ``text`` is what is looked for, as it was typed."""

    def page(
        self,
        name: RecordedList,
        text: str,
        before: Cursor | None,
        answer: Answer[RecordedPage],
        live: LiveFilter | None = None,
    ) -> None:
        """Read the rows before the cursor that match; ``live``: the filter of a live list that they must match, too."""

    def trace(self, run_id: str, quote_id: str, answer: Answer[RecordedText]) -> None: ...

    def board(self, at_ns: int, step: Step, direction: int, course_s: int, answer: Answer[RecordedBoard]) -> None:
        """Tell what was known then, or a step before (-1) or after (1) it, and the prices of so many seconds."""

    def earned_then(self, from_ns: int, at_ns: int, answer: Answer[EarningsState]) -> None:
        """Tell what the UTC day and the run that started at ``from_ns`` had earned; it may take seconds."""

    def day_report(self, at_ns: int, width: int, answer: Answer[RecordedReport]) -> None:
        """Report the UTC day of this moment, drawn for so many cells."""

    def fit_report(self, report: RecordedReport, width: int, answer: Answer[RecordedReport]) -> None:
        """Draw a report for another width."""
