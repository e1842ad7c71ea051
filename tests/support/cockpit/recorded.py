"""A history that answers at once, or when the test says so."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from cockpit.model.recorded.board import RecordedBoard
from cockpit.model.recorded.pages import (
    NEWEST_ID,
    Cursor,
    LiveFilter,
    RecordedList,
    RecordedPage,
    RecordedRow,
    RecordedText,
    Step,
)
from cockpit.model.recorded.report import RecordedReport, report_title
from cockpit.model.trading_figures.earnings import EarningsState
from cockpit.model.trading_figures.price_course import CoursePoint, PriceCourse
from cockpit.terminal_reports.fitted_report import fitted_report
from panels.dialogs.history.port import Answer
from tests.support.cockpit import samples
from tests.support.reports.reports import reported_day

PER_PAGE = 30


def row(name: RecordedList, number: int) -> RecordedRow:
    """Number 0 is the newest; the cells say which row it is."""
    cells = (f"2026-09-21 {number // 60:02d}:{number % 60:02d}:00", *(f"{name}{number}" for _ in range(6)))
    quote = ("run-1", f"quote-{number}") if name in ("fills", "quotes", "decisions") else None
    return RecordedRow(key=f"{name}-{number}", at_ns=10**18 - number, cells=cells, quote=quote)


def board(at_ns: int, *, edge: bool = False) -> RecordedBoard:
    """A board whose snapshot holds more than is recorded: nobody may draw the rest of it."""
    shown = replace(
        samples.snapshot(), at_ns=at_ns, run_id="run-1", market=replace(samples.market(at_ns), mid=Decimal("41234.50"))
    )
    course = PriceCourse(
        from_ns=at_ns - 300 * 10**9,
        to_ns=at_ns,
        step_ns=10**9,
        points=tuple(CoursePoint(at_ns - second * 10**9, 41_000 + second % 50) for second in range(299, -1, -1)),
    )
    return RecordedBoard(
        at_ns=at_ns,
        snapshot=shown,
        course=course,
        run="strategy ARMED, executor DISARMED at the last decision, 1s before · run run-1 SANDBOX maker.near",
        notes={
            "market": "mid 1s before",
            "inventory": "read 3s before",
            "decisions": "newest 60 decisions of the run",
            "quotes": f"live at {at_ns}",
            "executions": "newest 8 fills of the run",
            "log": "newest 4 commands of the run",
        },
        edge=edge,
    )


class FakeHistory:
    """So many rows in each list. ``held``: answers wait until ``release``."""

    def __init__(self, rows: int = 70) -> None:
        self.rows = rows
        self.asked: list[tuple[str, ...]] = []
        self.starts: list[tuple[Cursor | None, LiveFilter | None]] = []
        """Of each page: where it was to start, and the filter of the live list."""
        self.problem = ""
        self.held = False
        self.at_edge = False
        self._waiting: list[Callable[[], None]] = []

    def page(
        self,
        name: RecordedList,
        text: str,
        before: Cursor | None,
        answer: Answer[RecordedPage],
        live: LiveFilter | None = None,
    ) -> None:
        start = 0 if before is None or before.row_id == NEWEST_ID else before.row_id
        self.starts.append((before, live))
        self.asked.append((name, text, str(start)))
        end = min(self.rows, start + PER_PAGE)
        found = RecordedPage(
            rows=tuple(row(name, number) for number in range(start, end)),
            older=None if end == self.rows else Cursor(0, end),
        )
        self._answer(lambda: answer(self.problem or found))

    def trace(self, run_id: str, quote_id: str, answer: Answer[RecordedText]) -> None:
        self.asked.append(("trace", run_id, quote_id))
        text = RecordedText(f"Trace {quote_id}", tuple(f"line {number}" for number in range(80)))
        self._answer(lambda: answer(self.problem or text))

    def board(self, at_ns: int, step: Step, direction: int, course_s: int, answer: Answer[RecordedBoard]) -> None:
        self.asked.append(("board", str(at_ns), step, str(direction), str(course_s)))
        there = at_ns + direction * {"": 0, "second": 10**9, "event": 7 * 10**6, "fill": 10**12}[step]
        found = board(there, edge=self.at_edge)
        self._answer(lambda: answer(self.problem or found))

    def earned_then(self, from_ns: int, at_ns: int, answer: Answer[EarningsState]) -> None:
        self.asked.append(("earned", str(from_ns), str(at_ns)))
        found = samples.earnings(at_ns)
        self._answer(lambda: answer(self.problem or found))

    def day_report(self, at_ns: int, width: int, answer: Answer[RecordedReport]) -> None:
        self.asked.append(("report", str(at_ns), str(width)))
        fit = partial(fitted_report, reported_day(at_ns), in_full="cockpit report")
        found = RecordedReport(report_title(at_ns), fit, fit(width))
        self._answer(lambda: answer(self.problem or found))

    def fit_report(self, report: RecordedReport, width: int, answer: Answer[RecordedReport]) -> None:
        self.asked.append(("fit", str(width)))
        self._answer(lambda: answer(self.problem or replace(report, fitted=report.fit(width))))

    def release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    def _answer(self, answer: Callable[[], None]) -> None:
        if self.held:
            self._waiting.append(answer)
        else:
            answer()
