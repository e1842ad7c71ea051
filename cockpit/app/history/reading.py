"""Reads the history in a thread beside the screen, each time as it is then, and answers in the app's loop.

The reports are imported in that thread: the first picture does not wait for them.
"""

import asyncio
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

import msgspec

from cockpit.config.errors import SettingsError
from cockpit.config.settings import Settings
from cockpit.model.recorded.board import RecordedBoard
from cockpit.model.recorded.pages import Cursor, LiveFilter, RecordedList, RecordedPage, RecordedText, Step
from cockpit.model.recorded.report import RecordedReport
from cockpit.model.trading_figures.earnings import EarningsState
from cockpit.processes.sandbox_run import SandboxRun
from panels.dialogs.history.port import Answer
from storage.errors import HistoryError
from storage.reader import Reader
from venue.protocol.tokens import TokenTable

T = TypeVar("T")

Where = Callable[[], tuple[Path | str, TokenTable]]
"""Tells where the history is, a file or the URL of a database, and with which tokens it was recorded."""

READABLE = (LookupError, ValueError, ArithmeticError, struct.error)
"""What a damaged row, or one of a token that the table does not know, may raise."""


def of_settings(settings: Settings) -> Where:
    def where() -> tuple[Path | str, TokenTable]:
        from cockpit.processes.readers import place_of

        return place_of(settings), settings.tokens

    return where


def of_run(run: SandboxRun) -> Where:
    return lambda: (run.history_path, run.tokens())


def beside_socket(socket_path: Path, environ: Mapping[str, str]) -> Where:
    """Return the history in the state directory of a desk of which only the socket is known."""

    def where() -> tuple[Path | str, TokenTable]:
        from cockpit.config.markets import load_markets
        from cockpit.config.paths import HISTORY_NAME

        directory = socket_path.absolute().parent
        named = environ.get("COCKPIT_MARKETS_FILE", "").strip() or None
        markets, _ = load_markets(named, environ, str(directory))
        return directory / HISTORY_NAME, markets.tokens

    return where


class HistoryReading:
    """One question is read at a time, and one slow one beside it; no thread keeps the app from ending."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._turn = threading.Lock()
        self._slow_turn = threading.Lock()

    def page(
        self,
        name: RecordedList,
        text: str,
        before: Cursor | None,
        answer: Answer[RecordedPage],
        live: LiveFilter | None = None,
    ) -> None:
        def read(reader: Reader, tokens: TokenTable) -> RecordedPage:
            from cockpit.reports.lists.pages import recorded_page

            return recorded_page(reader, tokens, name, text, before, live)

        self._ask(read, answer)

    def trace(self, run_id: str, quote_id: str, answer: Answer[RecordedText]) -> None:
        def read(reader: Reader, tokens: TokenTable) -> RecordedText:
            from cockpit.reports.lists.pages import recorded_trace

            return recorded_trace(reader, tokens, run_id, quote_id)

        self._ask(read, answer)

    def board(self, at_ns: int, step: Step, direction: int, course_s: int, answer: Answer[RecordedBoard]) -> None:
        def read(reader: Reader, tokens: TokenTable) -> RecordedBoard:
            from cockpit.reports.rewind.board import recorded_board

            return recorded_board(reader, tokens, at_ns, step=step, direction=direction, course_s=course_s)

        self._ask(read, answer)

    def earned_then(self, from_ns: int, at_ns: int, answer: Answer[EarningsState]) -> None:
        def read(reader: Reader, tokens: TokenTable) -> EarningsState:
            from cockpit.reports.rewind.earned import earned_then

            return earned_then(reader, tokens, from_ns, at_ns)

        self._ask(read, answer, slow=True)

    def day_report(self, at_ns: int, width: int, answer: Answer[RecordedReport]) -> None:
        def read(reader: Reader, tokens: TokenTable) -> RecordedReport:
            from cockpit.terminal_reports.day_report import day_report

            return day_report(reader, tokens, at_ns, width)

        self._ask(read, answer)

    def fit_report(self, report: RecordedReport, width: int, answer: Answer[RecordedReport]) -> None:
        # Nothing is read for it, so it waits for no turn at the history.
        self._in_thread(lambda: msgspec.structs.replace(report, fitted=report.fit(width)), answer)

    def _ask(self, read: Callable[[Reader, TokenTable], T], answer: Answer[T], *, slow: bool = False) -> None:
        def find() -> T:
            from cockpit.processes.readers import reader_of

            with self._slow_turn if slow else self._turn:
                place, tokens = self._where()
                with reader_of(place) as reader:
                    return read(reader, tokens)

        self._in_thread(find, answer)

    def _in_thread(self, find: Callable[[], T], answer: Answer[T]) -> None:
        # The app's own context: what the answer opens must know the app, which the thread's context does not.
        loop, context = asyncio.get_running_loop(), copy_context()

        def work() -> None:
            from cockpit.reports.errors import ReportsError

            found: T | str
            try:
                found = find()
            except (HistoryError, ReportsError) as problem:
                found = str(problem)
            except SettingsError as problem:
                found = "; ".join(problem.problems)
            except READABLE as problem:
                found = f"what is recorded there cannot be read: {type(problem).__name__} {problem}"
            # The app may have ended meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(answer, found, context=context)

        threading.Thread(target=work, name="history", daemon=True).start()
