"""The queries of history.md run as they stand, on both engines, and say what the report says of the same day."""

import asyncio
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cockpit.reports.breakdowns.buckets import SIZES
from cockpit.reports.figures import TradingReport
from cockpit.reports.trading_report import trading_report
from docs.make.pictures import DOCS
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.reader import Span
from storage.reporting.movements import closing_balance, movements
from storage.reporting.quote_trace import find_quote, trace_quote
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.history import queried_day as day
from tests.support.history.backtest_history import START_NS
from tests.support.history.engines import create_database, drop_database
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

PAGE = (DOCS / "history.md").read_text("utf-8")
QUERIES = {
    title: (sql, "PostgreSQL only" in text)
    for title, text, sql in re.findall(
        r"^### ([^\n]+)\n(.*?)```sql\n(.*?)```", PAGE.split("## Ten queries")[1].split("\n## ")[0], re.M | re.S
    )
}
HOUR_NS = 3_600 * NS_PER_S
DAY = Span(START_NS, START_NS + day.DAY_NS)
ENGINES = ("sqlite", "postgres")
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("queries") / "history.sqlite"
    asyncio.run(day.fill(SqliteHistory(path)))
    return path


@pytest.fixture(scope="module")
def url(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    name = f"queries_{secrets.token_hex(8)}"
    url = asyncio.run(create_database(postgres_server, name))
    asyncio.run(day.fill(PostgresHistory(url, Journal(tmp_path_factory.mktemp("journal") / "history.journal"))))
    yield url
    asyncio.run(drop_database(postgres_server, name))


@pytest.fixture(scope="module")
def fill_hash(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        [(found,)] = db.execute("SELECT quote_hash FROM fills ORDER BY at_ns LIMIT 1 OFFSET 3").fetchall()
    return str(found)


@pytest.fixture(scope="module")
def report(path: Path) -> TradingReport:
    with SqliteReader(path) as reader:
        return trading_report(reader, DAY, DEFAULT_TOKENS, with_fills=True)


@pytest.fixture(scope="module")
def hours(path: Path) -> list[TradingReport]:
    """The reports of the hours in which something happened."""
    with SqliteReader(path) as reader:
        spans = [Span(START_NS + hour * HOUR_NS, START_NS + (hour + 1) * HOUR_NS) for hour in range(3)]
        return [trading_report(reader, span, DEFAULT_TOKENS) for span in spans]


@pytest.fixture
def ask(path: Path, url: str, fill_hash: str) -> Callable[[str, str], list[Row]]:
    """The rows of a query of the page on an engine: times as their text in UTC, numbers as Decimals."""

    def rows(title: str, engine: str) -> list[Row]:
        sql = QUERIES[title][0].replace("'HASH'", f"'{fill_hash}'")
        found = asyncio.run(in_postgres(url, sql)) if engine == "postgres" else in_sqlite(path, sql)
        return [tuple(map(plain, row)) for row in found]

    return rows


async def in_postgres(url: str, sql: str) -> list[Row]:
    db = await asyncpg.connect(url, server_settings={"timezone": "America/New_York"})
    try:
        return [tuple(row) for row in await db.fetch(sql)]
    finally:
        await db.close()


def in_sqlite(path: Path, sql: str) -> list[Row]:
    as_told = re.sub(r"history_ns\('([0-9-]+) UTC'\)", r"strftime('%s', '\1') * 1000000000", sql)
    with closing(sqlite3.connect(path)) as db:
        return db.execute(as_told).fetchall()


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return re.sub(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d{6}$", r"\1", value)
    return value if value is None or isinstance(value, bool) else Decimal(value)


def time_of(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y-%m-%d %H:%M:%S}"


def near(engine: str, value: Decimal | None) -> Any:
    """The value itself; within a billionth where an engine has no exact decimals."""
    if value is None or engine == "postgres":
        return value
    return pytest.approx(value, rel=Decimal("1e-9"), abs=Decimal("1e-9"))


def test_there_are_ten_and_one_is_for_postgresql_only() -> None:
    assert len(QUERIES) == 10
    assert [title for title, (_, only) in QUERIES.items() if only] == ["Percentiles of the reaction time"]


Ask = Callable[[str, str], list[Row]]
both = pytest.mark.parametrize("engine", ENGINES)


@both
def test_fills_with_markouts(ask: Ask, report: TradingReport, engine: str) -> None:
    found = ask("Fills of a day with markouts", engine)
    assert len(found) == len(report.fills) > 20
    for row, fill in zip(found, report.fills, strict=True):
        time, side, base, quote, price, edge, *markouts, tx = row
        assert (time, side, tx) == (time_of(fill.at_ns), fill.side, fill.tx_hash)
        assert (base, quote, edge) == tuple(near(engine, one) for one in (fill.btc, fill.eure, fill.spread))
        assert price == pytest.approx(fill.price, abs=Decimal("2e-8"))
        assert [one is None for one in markouts] == [one is None for one in fill.markouts]
        pairs = zip(markouts, fill.markouts, strict=True)
        # Half a hundredth is rounded away from zero by the database, to even by the report.
        assert all(one == pytest.approx(other, abs=Decimal("0.0101")) for one, other in pairs if other is not None)
    assert sum(fill.markouts[2] is not None for fill in report.fills) > 20


@both
def test_profit_by_hour(ask: Ask, report: TradingReport, hours: list[TradingReport], engine: str) -> None:
    found = ask("P&L by hour", engine)
    assert len(found) == len([one for one in hours if one.reaction_us[0] or any(side.fills for side in one.sides)]) > 1
    for row, hour in zip(found, hours, strict=False):
        assert row[:4] == (
            time_of(hour.from_ns),
            sum(side.fills for side in hour.sides),
            near(engine, sum((side.eure for side in hour.sides), Decimal(0))),
            near(engine, sum((side.spread for side in hour.sides), Decimal(0))),
        )
    assert report.profit is not None
    assert sum(row[4] for row in found) == near(engine, report.profit.trading)


@both
def test_hit_ratio(ask: Ask, report: TradingReport, engine: str) -> None:
    found = ask("Hit ratio by size and lifetime", engine)
    groups = {(group.by, group.bucket): (group.sent, group.filled) for group in report.groups}
    sizes: dict[str, list[tuple[int, int]]] = {"1: below 10": [], "2: below 100": [], "3: from 100": []}
    for (by, bucket), of_group in groups.items():
        if by == "size":
            low = 0 if bucket.startswith("below") else int(bucket.removeprefix("from ").split(" ")[0].replace(",", ""))
            assert low in (0, *SIZES)
            sizes["1: below 10" if low < 10 else "2: below 100" if low < 100 else "3: from 100"].append(of_group)
    for size, counts in sizes.items():
        rows = [row for row in found if row[0] == size]
        assert (sum(row[2] for row in rows), sum(row[3] for row in rows)) == tuple(
            sum(one[place] for one in counts) for place in (0, 1)
        )
    short = [counts for (by, bucket), counts in groups.items() if by == "deadline" and bucket in SHORT]
    rows = [row for row in found if row[1] == "to 60 s"]
    assert (sum(row[2] for row in rows), sum(row[3] for row in rows)) == (
        sum(one[0] for one in short),
        sum(one[1] for one in short),
    )
    assert sum(row[2] for row in found) == report.sent > 100
    assert all(row[4] == near("sqlite", round(100 * row[3] / row[2], 2)) for row in found)


SHORT = ("to 10 s", "to 30 s", "to 60 s")


@both
def test_why_not(ask: Ask, report: TradingReport, engine: str) -> None:
    found = ask("Why requests were not quoted", engine)
    assert tuple(found) == report.not_quoted
    assert sum(count for _, count in found) >= 12


@both
def test_money(ask: Ask, path: Path, engine: str) -> None:
    found = ask("Money in and out", engine)
    with SqliteReader(path) as reader:
        counted = sorted(movements(reader), key=lambda one: one.at_ns)
    wanted = [
        (
            time_of(one.at_ns),
            "withdrawal" if one.kind == "returned" else one.kind,
            DEFAULT_TOKENS.token(one.asset).symbol,
            near(engine, DEFAULT_TOKENS.token(one.asset).to_decimal(one.amount)),
        )
        for one in counted
    ]
    assert [row[:4] for row in found] == wanted
    assert [row[4] for row in found] == ["CREDITED", "burned", "burned", "refunded"]


@both
def test_inventory(ask: Ask, path: Path, report: TradingReport, engine: str) -> None:
    found = ask("Inventory over time", engine)
    assert len({row[0] for row in found}) == 3
    with SqliteReader(path) as reader:
        for hour, symbol, balance, available in found:
            token = DEFAULT_TOKENS.by_symbol(symbol)
            assert token is not None
            end_ns = int(datetime.fromisoformat(f"{hour}+00:00").timestamp()) * NS_PER_S + HOUR_NS
            held = closing_balance(reader, token.token_id, Span(0, end_ns))
            assert held is not None
            assert balance == near(engine, token.to_decimal(held.units))
            assert available == near(engine, token.to_decimal(held.units - held.units // 10))
    closing = {row.asset: row.closing for row in report.inventory}
    last = {row[1]: row[2] for row in found if row[0] == found[-1][0]}
    assert last == {symbol: near(engine, closing[symbol]) for symbol in last}
    assert len(last) == 3


def test_reaction(ask: Ask, hours: list[TradingReport]) -> None:
    found = ask("Percentiles of the reaction time", "postgres")
    for row, hour in zip(found, hours, strict=False):
        p50, p99, longest = (None if one is None else Decimal(int(one)) for one in hour.reaction_us)
        assert row == (time_of(hour.from_ns), hour.sent, p50, p99, longest)
    assert len(found) == 2


@both
def test_options(ask: Ask, report: TradingReport, engine: str) -> None:
    [(told, quotes, written, fills, given_away)] = ask("What options gave away, by day", engine)
    options = report.options
    assert options is not None
    assert options.written is not None
    assert (told, quotes, fills) == ("2026-02-16", report.sent, options.known)
    assert written == near(engine, options.written)
    assert given_away == near(engine, options.given_away)
    assert options.known > 20


@both
def test_one_quote(ask: Ask, path: Path, fill_hash: str, engine: str) -> None:
    found = ask("A quote from request to settlement", engine)
    with SqliteReader(path) as reader:
        traced = trace_quote(reader, *find_quote(reader, fill_hash)).rows
    steps = ["swap_demand_events", "trade_decisions", "execute_trade_commands", "trade_execution_results"]
    assert [row[0] for row in found] == [time_of(row.at_ns) for row in traced if row.table in steps]
    assert [row[2] for row in found] == ["request", "decision", "sent", "settled"]
    assert found[-1][3] == f"tx-{fill_hash}"


@both
def test_who_did_what(ask: Ask, engine: str) -> None:
    found = ask("Who did what", engine)
    assert [row[1:4] for row in found] == [
        ("alice@cockpit", "arm", "{}"),
        ("alice@cockpit", "arm", "{}"),
        ("bob@api", "note", '{"text":"market maker away until ten"}'),
    ]
    assert [bool(row[4]) for row in found] == [False, True, True]


@both
def test_the_note_is_read(path: Path, url: str, engine: str) -> None:
    sql = "SELECT actor, note FROM notes"
    found = asyncio.run(in_postgres(url, sql)) if engine == "postgres" else in_sqlite(path, sql)
    assert found == [("bob@api", "market maker away until ten")]
