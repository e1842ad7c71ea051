"""A history that answers at once, or when the test says so."""

from collections.abc import Callable

from cockpit.model.recorded.pages import (
    Cursor,
    RecordedList,
    RecordedMoment,
    RecordedPage,
    RecordedRow,
    RecordedText,
    Step,
)
from panels.dialogs.history.port import Answer

PER_PAGE = 30


def row(name: RecordedList, number: int) -> RecordedRow:
    """Number 0 is the newest; the cells say which row it is."""
    cells = (f"2026-09-21 {number // 60:02d}:{number % 60:02d}:00", *(f"{name}{number}" for _ in range(6)))
    quote = ("run-1", f"quote-{number}") if name in ("fills", "quotes", "decisions") else None
    return RecordedRow(key=f"{name}-{number}", at_ns=10**18 - number, cells=cells, quote=quote)


class FakeHistory:
    """So many rows in each list. ``held``: answers wait until ``release``."""

    def __init__(self, rows: int = 70) -> None:
        self.rows = rows
        self.asked: list[tuple[str, ...]] = []
        self.problem = ""
        self.held = False
        self.at_edge = False
        self._waiting: list[Callable[[], None]] = []

    def page(self, name: RecordedList, text: str, before: Cursor | None, answer: Answer[RecordedPage]) -> None:
        start = 0 if before is None else before.row_id
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

    def moment(self, at_ns: int, step: Step, direction: int, answer: Answer[RecordedMoment]) -> None:
        self.asked.append(("moment", str(at_ns), step, str(direction)))
        there = at_ns + direction * {"": 0, "second": 10**9, "event": 7, "fill": 10**12}[step]
        parts = (RecordedText("", (f"mid of {there}",)), RecordedText("Fills", (f"fill of {there}",)))
        found = RecordedMoment(there, parts, self.at_edge)
        self._answer(lambda: answer(self.problem or found))

    def day_report(self, at_ns: int, answer: Answer[RecordedText]) -> None:
        self.asked.append(("report", str(at_ns)))
        text = RecordedText("Report 2026-09-21", ("Quotes", "  requests 5"))
        self._answer(lambda: answer(self.problem or text))

    def release(self) -> None:
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    def _answer(self, answer: Callable[[], None]) -> None:
        if self.held:
            self._waiting.append(answer)
        else:
            answer()
