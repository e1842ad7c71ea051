"""The views: exact whole tokens, real times, unknown where unknown, and a filter by time that uses the index."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from bench.plans import postgres_full_scans, sqlite_steps
from bench.reading import START_NS, build, copy
from storage.catalogue import catalogue
from storage.catalogue.dialects import SQLITE
from storage.history import Run
from storage.runs import counted_tokens
from tests.support.history import rows as facts
from tests.support.history.engines import Engine, PostgresEngine, SqliteEngine
from venue.protocol.tokens import DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S

FEW = ("runs", "assets", "prepared_withdrawals")
WITHOUT_AT_NS = ("desk_runs",)
VIEWS = [view.name for view in catalogue.views(SQLITE) if view.name not in WITHOUT_AT_NS]


def run(run_id: str = "run-1") -> Run:
    return msgspec.structs.replace(facts.run(run_id), assets=counted_tokens(DEFAULT_TOKENS))


async def test_amounts_are_exact_and_times_are_times(postgres: PostgresEngine) -> None:
    history = postgres.make()
    await history.open(run())
    await history.write(
        [
            msgspec.structs.replace(facts.inventory(1, facts.U128_MAX), asset=EURE.token_id),
            msgspec.structs.replace(facts.inventory(2, 1), asset=EURE.token_id, at_ns=facts.START_NS + 123_456_789),
        ]
    )
    await history.close(None)
    [largest, smallest] = await postgres.rows("SELECT time, token, balance FROM inventory ORDER BY at_ns")
    assert largest == (
        datetime(2027, 1, 15, 8, tzinfo=UTC),
        "EURe",
        Decimal("340282366920938463463.374607431768211455"),
    )
    assert smallest == (datetime(2027, 1, 15, 8, 0, 0, 123456, tzinfo=UTC), "EURe", Decimal("1e-18"))
    [(ns, told)] = await postgres.rows("SELECT history_ns('2027-01-15 08:00:00.123456 UTC'), history_time($1)", 10**18)
    assert ns == facts.START_NS + 123_456_000
    assert told == datetime.fromtimestamp(10**9, UTC)


async def test_sqlite_tells_the_time_as_text_and_the_amounts_as_numbers(sqlite: SqliteEngine) -> None:
    history = sqlite.make()
    await history.open(run())
    await history.write([msgspec.structs.replace(facts.inventory(123_456_789, 150_000_000))])
    await history.close(None)
    [row] = await sqlite.rows("SELECT time, hour, token, balance, balance > 1 FROM inventory")
    assert row == ("2027-01-15 08:00:00.123456", "2027-01-15 08:00:00", "BTC", 1.5, 1)


async def test_a_token_that_no_run_knew_has_no_amount_and_keeps_its_id(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([facts.inventory(1), facts.demand(1), facts.decision(1), facts.command(1), facts.result(1)])
    await history.close(None)
    assert await engine.rows("SELECT token, balance FROM inventory") == [(facts.BTC, None)]
    [row] = await engine.rows("SELECT token_in, side, base_amount, edge, markout_60s FROM fills")
    assert row == (facts.BTC, None, None, None, None)


async def test_tokens_follow_the_markets_and_none_is_forgotten(engine: Engine) -> None:
    tokens = counted_tokens(DEFAULT_TOKENS)
    for run_id, assets in (
        ("run-1", tokens),
        ("run-2", (msgspec.structs.replace(tokens[0], symbol="oldBTC"),)),
        ("run-3", ()),
    ):
        history = engine.make()
        await history.open(msgspec.structs.replace(facts.run(run_id), assets=assets))
        await history.close(facts.START_NS)
    assert await engine.rows("SELECT symbol, counts_as, decimals FROM assets ORDER BY seq") == [
        ("oldBTC", "base", 8),
        ("nBTC", "base", 8),
        ("EURe", "quote", 18),
    ]


@pytest.mark.parametrize(
    ("outcomes", "shown"),
    [
        ((), None),
        (("unknown",), "unknown"),
        (("unknown", "accepted"), "accepted"),
        (("accepted", "expired"), "expired"),
        (("refused", "expired"), "refused"),
        (("refused", "settled"), "settled"),
        (("refused", "accepted", "burned"), "burned"),
        (("accepted", "expired", "settled"), "settled"),
        (("accepted", "ready_to_settle", "settle_failed"), "settle_failed"),
        (("accepted", "burning"), "burning"),
    ],
)
async def test_a_quote_has_the_outcome_that_the_report_counts(
    sqlite: SqliteEngine, outcomes: tuple[str, ...], shown: str | None
) -> None:
    history = sqlite.make()
    await history.open(run())
    await history.write([facts.command(1), *(facts.result(1, outcome) for outcome in outcomes)])  # type: ignore[arg-type]
    await history.close(None)
    assert await sqlite.rows("SELECT outcome, life_ms, amount_in FROM quotes") == [(shown, 59_999, 0.00001)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("views") / "history.sqlite"
    asyncio.run(build(path, 2_000))
    return path


@pytest.fixture
def url(path: Path, postgres_url: str) -> str:
    copy(path, postgres_url)
    return postgres_url


def test_a_filter_by_time_uses_the_index_in_postgresql(url: str) -> None:
    at = f"'{datetime.fromtimestamp(START_NS // NS_PER_S, UTC):%Y-%m-%d %H:%M} UTC'::timestamptz"
    asked: dict[str, tuple[object, ...]] = {
        f"SELECT * FROM {view} WHERE at_ns >= history_ns({at} + interval '1 hour') AND at_ns < history_ns({at})": ()
        for view in VIEWS
    }
    found = asyncio.run(postgres_full_scans(url, asked))
    assert [(sql, table) for sql, table in found if table not in FEW] == []
    slow = asyncio.run(postgres_full_scans(url, {f"SELECT * FROM fills WHERE time >= {at}": ()}))
    assert slow != []


def test_a_filter_by_time_uses_the_index_in_sqlite(path: Path) -> None:
    asked: dict[str, tuple[object, ...]] = {
        f"SELECT * FROM {view} WHERE at_ns >= strftime('%s', '2026-09-21') * 1000000000 AND at_ns < ?": (START_NS,)
        for view in VIEWS
    }
    steps = [(sql, step) for sql, step in sqlite_steps(path, asked) if step.startswith("SCAN ")]
    allowed = ("SCAN CONSTANT ROW", "SCAN days", "SCAN u", "SCAN i ", "SCAN o ", "SCAN a", "SCAN x", "SCAN r", "SCAN y")
    assert [(sql, step) for sql, step in steps if not step.startswith(allowed)] == []


async def test_a_database_of_the_schema_before_gets_all_of_it(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    older = tmp_path / "older"
    shutil.copytree(engine.schema, older)
    [assets] = older.glob("*_assets.sql")
    for script in older.glob("*.sql"):
        if script.name >= assets.name:
            script.unlink()
    before = engine.make(older)
    await before.open(facts.run())
    await before.close(facts.START_NS)
    caplog.clear()
    now = engine.make()
    await now.open(run("run-2"))
    await now.write([facts.inventory(1, 150_000_000)])
    await now.close(facts.START_NS)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == []
    [(token, balance)] = await engine.rows("SELECT token, balance FROM inventory")
    assert (token, float(balance)) == ("BTC", 1.5)


async def test_an_older_file_gets_the_views_and_a_table_of_somebody_else_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = SqliteEngine(tmp_path)
    history = engine.make()
    await history.open(run())
    await history.close(None)
    with closing(sqlite3.connect(engine.path)) as db:
        db.executescript(
            "DROP VIEW desk_runs; DROP VIEW notes; CREATE TABLE notes (mine TEXT);"
            "DROP VIEW fills; CREATE VIEW fills AS /* Made by the desk: older */ SELECT 1 AS one;"
        )
    again = engine.make()
    await again.open(run("run-2"))
    await again.close(None)
    assert await engine.rows("SELECT * FROM notes") == []
    assert await engine.rows("SELECT * FROM fills") == []
    assert await engine.rows("SELECT COUNT(*) FROM desk_runs") == [(2,)]
    assert "notes, made by somebody else" in caplog.text
