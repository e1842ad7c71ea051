"""Pages of the recorded lists: complete, in order, each row once, and the same on both engines."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plans import QueryRecorder, sqlite_steps
from bench.reading import build
from cockpit.model.recorded.pages import LISTS, Cursor, RecordedList, RecordedPage, RecordedRow
from cockpit.reports.errors import InvalidQueryError
from cockpit.reports.lists import pages
from cockpit.reports.lists.pages import recorded_page, recorded_trace
from cockpit.reports.lists.query import HistoryQuery, parse_query, span_of
from storage.errors import HistoryError
from storage.history import Run
from storage.reader import Reader, Span
from storage.rows import TABLES
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S


def page(reader: Reader, name: RecordedList, text: str = "", before: Cursor | None = None) -> RecordedPage:
    return recorded_page(reader, DEFAULT_TOKENS, name, text, before)


def every(reader: Reader, name: RecordedList, text: str = "") -> list[RecordedRow]:
    found: list[RecordedRow] = []
    before: Cursor | None = None
    while True:
        here = page(reader, name, text, before)
        found += here.rows
        if here.older is None:
            return found
        assert before is None or here.older != before
        before = here.older


def test_what_each_list_shows(reader: Reader) -> None:
    fills = [row.cells for row in page(reader, "fills").rows]
    assert fills == [
        ("2026-09-21 14:13:40", "sell", "0.0005", "25.10", "50,200.00", "+0.0080", "tx-b"),
        ("2026-09-21 14:13:30", "buy", "0.001", "49.90", "49,900.00", "+0.0080", "tx-a"),
    ]
    quotes = [(row.cells[1], row.cells[-1], row.tone) for row in page(reader, "quotes").rows]
    assert quotes == [("buy", "expired", "muted"), ("sell", "settled", "good"), ("buy", "settled", "good")]
    decisions = [(row.quote, row.cells[5]) for row in page(reader, "decisions").rows]
    assert decisions[:3] == [
        (("run-1", "quote-e"), "· over notional"),
        (("run-1", "quote-d"), "· over notional"),
        (("run-1", "quote-c"), "✓ quoted"),
    ]
    funds = [row.cells[1:5] for row in page(reader, "funds").rows]
    assert funds == [("deposit", "0.01", "BTC", "CREDITED"), ("deposit", "0.01", "BTC", "PENDING")]
    assert page(reader, "journal") == RecordedPage(rows=(), older=None)


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_any_size_hold_every_row_once_and_in_order(
    reader: Reader, name: RecordedList, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = every(reader, name)
    for size in (1, 2, 3):
        monkeypatch.setattr(pages, "PAGE", size)
        assert every(reader, name) == whole
    assert [row.at_ns for row in whole] == sorted((row.at_ns for row in whole), reverse=True)
    assert len({row.key for row in whole}) == len(whole)


def test_rows_of_one_moment_are_neither_lost_nor_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fill() -> None:
        history = SqliteHistory(tmp_path / "history.sqlite")
        await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
        for name in "abcde":
            await history.write(small.refused(name, 7, 10**7))
        await history.close(None)

    asyncio.run(fill())
    monkeypatch.setattr(pages, "PAGE", 2)
    with SqliteReader(tmp_path / "history.sqlite") as opened:
        found = [row.quote[1] for row in every(opened, "decisions") if row.quote is not None]
    assert sorted(found) == [f"quote-{name}" for name in "abcde"]


def test_words_a_day_and_a_run_choose(reader: Reader) -> None:
    assert [row.quote for row in page(reader, "fills", "SELL tx-b").rows] == [("run-1", "quote-b")]
    assert page(reader, "fills", "sell tx-a").rows == ()
    assert len(page(reader, "fills", "day:2026-09-21 run:last").rows) == 2
    assert page(reader, "fills", "day:2026-09-20").rows == ()
    assert [row.quote for row in page(reader, "fills", "day:2026-09-21T14:13:30").rows] == [("run-1", "quote-a")]
    with pytest.raises(HistoryError, match="no run starts with nobody"):
        page(reader, "fills", "run:nobody")


def test_a_search_looks_at_so_many_rows_and_says_how_far_it_came(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_SEARCHED", 2)
    first = page(reader, "decisions", "quoted")
    assert (first.rows, first.searched_ns) == ((), NOW + 27 * NS_PER_S)
    assert [row.quote for row in every(reader, "decisions", "quoted")] == [
        ("run-1", f"quote-{name}") for name in ("c", "b", "a")
    ]


def test_a_row_opens_its_trace(reader: Reader) -> None:
    row = page(reader, "fills").rows[0]
    assert row.quote is not None
    trace = recorded_trace(reader, DEFAULT_TOKENS, *row.quote)
    assert trace.title == "Trace quote-b"
    assert any("settled" in line for line in trace.lines)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("day:yesterday", "expected day:2026-11-25"),
        ("day:", "expected day:2026-11-25"),
        ("run:", "the start of a run's id"),
        (" ".join("abcdefghi"), "9 words; at most 8"),
    ],
)
def test_a_query_that_cannot_be_read_gets_one_sentence(text: str, problem: str) -> None:
    with pytest.raises(InvalidQueryError, match=problem):
        parse_query(text)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01", "2026-11-25T25:00"])
def test_a_day_that_does_not_exist_gets_one_sentence(tmp_path: Path, day: str) -> None:
    with pytest.raises(InvalidQueryError, match="there is no such time"):
        span_of(NoRows(), HistoryQuery(day=day))


class NoRows:
    def rows(self, sql: str, *values: object) -> Iterator[tuple[object, ...]]:
        return iter(())


@given(st.dates())
def test_every_day_of_the_calendar_is_a_span_or_a_sentence(day: object) -> None:
    try:
        span = span_of(NoRows(), HistoryQuery(day=f"{day}"))
    except InvalidQueryError:
        return
    assert 0 <= span.from_ns <= span.to_ns < 2**63


@given(st.text(max_size=200))
def test_any_text_is_a_query_or_a_sentence(text: str) -> None:
    try:
        query = parse_query(text)
    except InvalidQueryError:
        return
    assert len(query.words) <= 8


def test_no_page_reads_a_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    asyncio.run(build(path, 1_000))
    with SqliteReader(path) as opened:
        asking = QueryRecorder(opened)
        for name in LISTS:
            middle = page(asking, name).older
            page(asking, name, "sell", middle)
        steps = list(sqlite_steps(path, asking.asked))
    whole = tuple(f"SCAN {name} " for name in ({table.name for table in TABLES} | set("rcdslo")))
    assert [(sql, step) for sql, step in steps if f"{step} ".startswith(whole)] == []
    # Sorted is at most what one moment, or one quote's results, hold.
    sorting = [sql for sql, step in steps if "TEMP B-TREE FOR ORDER BY" in step]
    assert [sql for sql in sorting if "WHERE r.quote_hash = c.quote_hash" not in sql] == []


def test_a_span_of_nothing_is_an_empty_page(reader: Reader) -> None:
    assert span_of(reader, HistoryQuery(day="2026-09-20", run="last")) == Span(NOW, NOW - NOW % (86_400 * NS_PER_S))
    assert page(reader, "fills", "day:2026-09-20 run:last") == RecordedPage(rows=(), older=None)
