"""Figures of the past, read from history beside the desk that writes it.

The reports are imported in the thread that reads: the first picture does not wait for them.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from cockpit.app.history.reading import READABLE, Where
from cockpit.config.errors import SettingsError
from cockpit.model.trading_figures.earnings import EarnedSpan
from cockpit.model.trading_figures.price_course import PriceCourse
from storage.errors import HistoryError
from storage.reader import Reader, Span
from venue.protocol.tokens import TokenTable

T = TypeVar("T")


class PastFigures(Protocol):
    """Methods raise HistoryError. Times are UTC ns."""

    async def earned(self, from_ns: int, to_ns: int) -> EarnedSpan: ...

    async def course(self, from_ns: int, to_ns: int) -> PriceCourse: ...


class HistoryFigures:
    """Each answer is of a history opened anew, in a thread: a long history takes seconds, in which the screen goes
    on."""

    def __init__(self, where: Where) -> None:
        self._where = where

    async def earned(self, from_ns: int, to_ns: int) -> EarnedSpan:
        def read(reader: Reader, tokens: TokenTable) -> EarnedSpan:
            from cockpit.reports.past.earned import span_earned

            return span_earned(reader, tokens, Span(from_ns, to_ns))

        return await asyncio.to_thread(self._read, read)

    async def course(self, from_ns: int, to_ns: int) -> PriceCourse:
        def read(reader: Reader, tokens: TokenTable) -> PriceCourse:
            from cockpit.reports.past.price_course import price_course

            return price_course(reader, tokens, Span(from_ns, to_ns))

        return await asyncio.to_thread(self._read, read)

    def _read(self, read: Callable[[Reader, TokenTable], T]) -> T:
        from cockpit.processes.readers import reader_of

        try:
            place, tokens = self._where()
            with reader_of(place) as reader:
                return read(reader, tokens)
        except SettingsError as error:
            raise HistoryError("; ".join(error.problems)) from None
        except READABLE as error:
            problem = f"what is recorded there cannot be read: {type(error).__name__} {error}"
            raise HistoryError(problem) from None
