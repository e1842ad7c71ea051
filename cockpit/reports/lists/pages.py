"""One page of a list and the trace of a quote, read beside the desk that writes."""

from collections.abc import Iterator
from typing import Any

from cockpit.model.recorded.pages import Cursor, LiveFilter, RecordedList, RecordedPage, RecordedText
from cockpit.reports import quote_trace_text
from cockpit.reports.lists.live_rows import live_rows
from cockpit.reports.lists.query import parse_query, span_of
from cockpit.reports.lists.rows import recorded_row
from storage.reader import Reader, Span
from storage.reporting.pages import recorded_rows, whole_rows
from storage.reporting.quote_trace import trace_quote
from venue.protocol.tokens import TokenTable

PAGE = 100
"""Rows of a page."""
MOST_SEARCHED = 5_000
"""Rows that one search looks at; then it says how far it came."""
AT_ONCE = 250
"""Rows that are held whole for a filter."""


def recorded_page(
    reader: Reader,
    tokens: TokenTable,
    name: RecordedList,
    text: str,
    before: Cursor | None = None,
    live: LiveFilter | None = None,
) -> RecordedPage:
    """Return the rows that match ``text`` and the filter of a live list, and are older than the cursor.

    Raises InvalidQueryError for a text that cannot be read, HistoryError for a run that does not exist.
    """
    query = parse_query(text)
    span = span_of(reader, query)
    if span.from_ns >= span.to_ns:
        return RecordedPage(rows=(), older=None)
    searching = bool(query.words) or live is not None
    most = MOST_SEARCHED if searching else PAGE
    found = []
    looked_at, last = 0, None
    for row, wanted in _looked_through(reader, tokens, name, span, before, most, live):
        looked_at, last = looked_at + 1, Cursor(row[0], row[1])
        if not wanted:
            continue
        shown = recorded_row(name, row, tokens)
        if query.words and not _holds(shown.cells, query.words):
            continue
        found.append(shown)
        if len(found) == PAGE:
            break
    ended = looked_at < most and len(found) < PAGE
    searched = searching and not ended and len(found) < PAGE and last is not None
    return RecordedPage(
        rows=tuple(found), older=None if ended else last, searched_ns=last.at_ns if searched and last else None
    )


def _looked_through(
    reader: Reader,
    tokens: TokenTable,
    name: RecordedList,
    span: Span,
    before: Cursor | None,
    most: int,
    live: LiveFilter | None,
) -> Iterator[tuple[tuple[Any, ...], bool]]:
    """Yield at most so many rows, and whether the filter shows each; so many are read at once."""
    left = most
    while left > 0:
        asked = min(AT_ONCE, left)
        if live is None:
            rows = list(recorded_rows(reader, name, span, before, asked))
            yield from ((row, True) for row in rows)
        else:
            whole = list(whole_rows(reader, name, span, before, asked))
            rows = [row for row, _ in whole]
            items = live_rows(reader, tokens, name, whole, live.at_ns)
            yield from ((row, item is not None and live.holds(item)) for row, item in zip(rows, items, strict=True))
        if len(rows) < asked:
            return
        before = Cursor(rows[-1][0], rows[-1][1])
        left -= asked


def _holds(cells: tuple[str, ...], words: tuple[str, ...]) -> bool:
    text = " ".join(cells).casefold()
    return all(word in text for word in words)


def recorded_trace(reader: Reader, tokens: TokenTable, run_id: str, quote_id: str) -> RecordedText:
    """Return every row of a quote."""
    trace = trace_quote(reader, run_id, quote_id)
    return RecordedText(f"Trace {quote_id}", tuple(quote_trace_text.as_text(trace, tokens).splitlines()))
