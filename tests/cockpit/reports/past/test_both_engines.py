"""What the cockpit shows of the past is the same of a history in PostgreSQL and of the same history in a file."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.model.recorded.pages import LISTS, LiveFilter, RecordedList, Step, until
from cockpit.reports.lists.pages import recorded_page, recorded_trace
from cockpit.reports.past.earned import earned, recall, span_earned
from cockpit.reports.past.price_course import price_course
from cockpit.reports.rewind.board import recorded_board
from cockpit.reports.rewind.earned import earned_then
from cockpit.terminal_reports.day_report import day_report
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.postgres.reader import PostgresReader
from storage.reader import Reader, Span, find_run
from storage.reporting.failing_checks import failing_checks
from storage.reporting.options import option_minutes, written_by_token
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.history import queried_day
from tests.support.history.backtest_history import START_NS
from tests.support.history.engines import create_database, drop_database
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

HOUR_NS = 3_600 * NS_PER_S
WHOLE = Span(START_NS, queried_day.END_NS)
SPANS = (WHOLE, Span(START_NS + HOUR_NS // 2, START_NS + HOUR_NS), Span(START_NS - HOUR_NS, START_NS), Span(0, 1))
STEPS: tuple[Step, ...] = ("", "second", "event", "fill")
Both = tuple[SqliteReader, PostgresReader]


@pytest.fixture(scope="module")
def both(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder: Path = tmp_path_factory.mktemp("both")
    url = asyncio.run(create_database(postgres_server, f"both_{secrets.token_hex(8)}"))
    asyncio.run(queried_day.fill(SqliteHistory(folder / "history.sqlite")))
    asyncio.run(queried_day.fill(PostgresHistory(url, Journal(folder / "history.journal"))))
    with SqliteReader(folder / "history.sqlite") as file, PostgresReader(url) as server:
        yield file, server
    asyncio.run(drop_database(postgres_server, url.rpartition("/")[2]))


def same(both: Both, read: Callable[[Reader], Any]) -> Any:
    """What both read, once it is the same."""
    here, there = (read(reader) for reader in both)
    assert here == there
    return here


@pytest.mark.parametrize("span", SPANS)
def test_what_was_earned(both: Both, span: Span) -> None:
    found = same(both, lambda reader: span_earned(reader, DEFAULT_TOKENS, span))
    assert (found.fills > 5) == (span in SPANS[:2])

    def plain(reader: Reader) -> Any:
        one = earned(reader, DEFAULT_TOKENS, span, with_curve=True)
        return {name: getattr(one, name) for name in one.__struct_fields__ if name != "sums"} | {
            name: getattr(one.sums, name) for name in one.sums.__slots__
        }

    assert (len(same(both, plain)["curve"]) > 20) == (span in SPANS[:2])


@pytest.mark.parametrize("started_ns", [START_NS + 1, START_NS + HOUR_NS + 7, queried_day.END_NS])
def test_what_a_desk_that_starts_takes_over(both: Both, started_ns: int) -> None:
    def plain(reader: Reader) -> Any:
        one = recall(reader, DEFAULT_TOKENS, day_ns=START_NS, started_ns=started_ns)
        sides = {side: (of.quotes, of.written) for side in ("buy", "sell") for of in [getattr(one.options, side)]}
        return one.held, one.before, one.withdrawals, sides, one.today.curve, one.today.sent, one.today.moved

    assert same(both, plain)[0]


@pytest.mark.parametrize("span", SPANS)
def test_the_course_of_prices(both: Both, span: Span) -> None:
    course = same(both, lambda reader: price_course(reader, DEFAULT_TOKENS, span))
    assert (len(course.points) > 100) == (span in SPANS[:2])
    assert bool(course.fills) == (span in SPANS[:2])


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("text", ["", "day:2026-02-16", "run:last 00", "day:2026-02-17"])
def test_pages_of_the_lists(both: Both, name: RecordedList, text: str) -> None:
    page = same(both, lambda reader: recorded_page(reader, DEFAULT_TOKENS, name, text))
    assert bool(page.rows) == (text != "day:2026-02-17") or text.endswith(" 00")
    if page.older is not None:
        assert same(both, lambda reader: recorded_page(reader, DEFAULT_TOKENS, name, text, page.older)).rows


@pytest.mark.parametrize("name", LISTS)
def test_pages_with_the_filter_of_a_live_list(both: Both, name: RecordedList) -> None:
    some = LiveFilter("two of three", lambda row: row.age_ms // 1000 % 3 != 0, queried_day.END_NS)
    page = same(both, lambda reader: recorded_page(reader, DEFAULT_TOKENS, name, "", None, some))
    whole = same(both, lambda reader: recorded_page(reader, DEFAULT_TOKENS, name, "", until(queried_day.END_NS)))
    assert page.rows
    assert page.older is not None or len(page.rows) < len(whole.rows)


@pytest.mark.parametrize("step", STEPS)
def test_moments(both: Both, step: Step) -> None:
    for at_ns in (START_NS + 40 * 60 * NS_PER_S + 123, queried_day.END_NS, START_NS - 1):
        for direction in (-1, 1) if step else (0,):
            found = same(
                both,
                lambda reader: recorded_board(reader, DEFAULT_TOKENS, at_ns, step=step, direction=direction),  # noqa: B023
            )
            assert found.run
            same(both, lambda reader: earned_then(reader, DEFAULT_TOKENS, START_NS, found.at_ns))  # noqa: B023


def test_traces_and_the_report_of_the_day(both: Both) -> None:
    rows = same(both, lambda reader: recorded_page(reader, DEFAULT_TOKENS, "fills", "")).rows
    assert rows[0].quote is not None
    run_id, quote_id = rows[0].quote
    assert len(same(both, lambda reader: recorded_trace(reader, DEFAULT_TOKENS, run_id, quote_id)).lines) > 5
    assert len(same(both, lambda reader: day_report(reader, DEFAULT_TOKENS, START_NS, 75).fitted).lines) > 30


def test_checks_options_and_runs(both: Both) -> None:
    assert same(both, lambda reader: failing_checks(reader, WHOLE, ("notional", "covered"))).counts
    assert same(both, lambda reader: option_minutes(reader, WHOLE)).minutes == 12
    written = same(
        both,
        lambda reader: {token: (one.quotes, one.worth) for token, one in written_by_token(reader, WHOLE).items()},
    )
    assert sum(quotes for quotes, _ in written.values()) > 100
    assert same(both, lambda reader: find_run(reader, "last")).run_id == "day"
