"""Reports, traces and replays find what they read by an index: no table is read from one end to the other."""

import asyncio
from pathlib import Path

import pytest

from bench.plans import QueryRecorder, postgres_full_scans, sqlite_steps
from bench.reading import ask_everything, build, copy
from cockpit.reports.trading_report import trading_report
from storage.postgres.reader import PostgresReader
from storage.reader import Reader, find_run
from storage.rows import TABLES
from storage.sqlite.reader import SqliteReader
from venue.protocol.tokens import DEFAULT_TOKENS

FEW = ("runs", "prepared_withdrawals")
WHOLE = tuple(f"SCAN {name}" for name in (*(table.name for table in TABLES), "r", "c", "d", "s", "p", "m"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "history.sqlite"
    asyncio.run(build(path, 2_000))
    return path


@pytest.fixture
def url(path: Path, postgres_url: str) -> str:
    copy(path, postgres_url)
    return postgres_url


def asked(reader: Reader) -> dict[str, tuple[object, ...]]:
    """Every question of a report, a trace and a replay; some of each."""
    asking = QueryRecorder(reader)
    ask_everything(asking)
    everything = " ".join(asking.asked)
    assert len(asking.asked) > 25
    assert [table.name for table in TABLES if table.name not in everything] == []
    return asking.asked


def test_sqlite_reads_no_table_as_a_whole(path: Path) -> None:
    with SqliteReader(path) as reader:
        steps = list(sqlite_steps(path, asked(reader)))
    assert [(sql, step) for sql, step in steps if f"{step} ".startswith(tuple(f"{scan} " for scan in WHOLE))] == []


def test_postgres_reads_no_table_as_a_whole(url: str) -> None:
    with PostgresReader(url) as reader:
        found = asyncio.run(postgres_full_scans(url, asked(reader)))
    assert [(sql, table) for sql, table in found if table not in FEW] == []


def test_a_built_history_is_reported(path: Path) -> None:
    with SqliteReader(path) as reader:
        report = trading_report(reader, find_run(reader, "last").span, DEFAULT_TOKENS)
    assert (report.demands, report.decisions, report.sent, sum(side.fills for side in report.sides)) == (
        600,
        600,
        300,
        10,
    )
    assert dict(report.not_quoted).keys() == {"notional", "covered", "deadline"}
