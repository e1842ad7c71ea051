"""What is looked for in a list: a day, a run, words. Pure."""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from cockpit.model.formatting import counted
from cockpit.reports.errors import InvalidQueryError
from storage.reader import LATER_NS, Reader, Span, find_run

MOST_WORDS = 8
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?")


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """``day``: a UTC day, or a time up to which; ``run``: its id or the start of it; ``words``: all in one row."""

    day: str = ""
    run: str = ""
    words: tuple[str, ...] = ()


def parse_query(text: str) -> HistoryQuery:
    """Read ``day:2026-11-25 run:last sell``. Raises InvalidQueryError with one sentence."""
    day = run = ""
    words: list[str] = []
    for piece in text.split():
        name, colon, value = piece.partition(":")
        if colon and name == "day":
            if not _MOMENT.fullmatch(value):
                raise InvalidQueryError(f"{piece}: expected day:2026-11-25 or day:2026-11-25T14:30")
            day = value
        elif colon and name == "run":
            if not value:
                raise InvalidQueryError("run: needs the start of a run's id, or last")
            run = value
        else:
            words.append(piece.casefold())
    if len(words) > MOST_WORDS:
        raise InvalidQueryError(f"{counted(len(words), 'word')}; at most {MOST_WORDS} are looked for at once")
    return HistoryQuery(day=day, run=run, words=tuple(words))


def span_of(reader: Reader, query: HistoryQuery) -> Span:
    """Return the time that the query is about. Raises HistoryError without such a run, InvalidQueryError for a day."""
    span = find_run(reader, query.run).span if query.run else Span(0, LATER_NS)
    if not query.day:
        return span
    try:
        at = datetime.fromisoformat(query.day).replace(tzinfo=UTC)
        is_day = "T" not in query.day
        start, end = _ns(at), _ns(at + timedelta(days=1)) if is_day else _ns(at) + 10**9
    except (ValueError, OverflowError):
        raise InvalidQueryError(f"day:{query.day}: there is no such time") from None
    return Span(max(span.from_ns, start if is_day else 0), min(span.to_ns, end))


def _ns(at: datetime) -> int:
    # Times of a history end in 2262, before the calendar does.
    return max(0, min(int(at.timestamp()) * 10**9, LATER_NS))
