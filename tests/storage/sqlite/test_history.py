"""The SQLite history: its rows, its files and their permissions."""

import os
import threading
from pathlib import Path

import pytest

from storage.errors import HistoryError
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts
from tests.support.waiting import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.db"


async def test_events_that_were_stored_before_are_counted(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write(facts.one_of_each(1))
    await history.write(facts.one_of_each(1))
    assert history.duplicates == len(facts.one_of_each(1))
    await history.close(None)


async def test_a_fill_is_joined_back_to_its_request_by_indexes(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    plan = " ".join(str(row[3]) for row in facts.rows(path, f"EXPLAIN QUERY PLAN {facts.FILL_TO_DEMAND}"))
    assert all(f"SEARCH {alias} USING" in plan for alias in "ctd")
    await history.close(None)


async def test_only_the_owner_may_read_the_file(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([facts.demand(1)])
    assert facts.permissions(path.parent) == 0o700
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["history.db", "history.db-shm", "history.db-wal"]
    assert {facts.permissions(file) for file in files} == {0o600}
    await history.close(None)


async def test_a_file_that_others_could_read_becomes_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    os.close(os.open(path, os.O_CREAT, 0o644))
    history = SqliteHistory(path)
    await history.open(facts.run())
    assert facts.permissions(path) == 0o600
    await history.close(None)


async def test_a_directory_in_which_others_may_write_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(HistoryError, match=f"chmod 700 {path.parent}"):
        await SqliteHistory(path).open(facts.run())


def spoil(path: Path) -> None:
    path.write_bytes(b"this is no database, " * 200)


async def test_no_thread_runs_after_close_or_a_failed_open(path: Path) -> None:
    before = set(threading.enumerate())
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.close(facts.START_NS)
    await history.close(facts.START_NS)
    with pytest.raises(HistoryError):
        await SqliteHistory(path).open(facts.run("run-2", "LIVE"))
    with pytest.raises(HistoryError):
        await SqliteHistory(path).open(facts.run("run-1"))
    spoil(path)
    with pytest.raises(HistoryError, match="not a SQLite database"):
        await SqliteHistory(path).open(facts.run())
    await until(lambda: set(threading.enumerate()) <= before)


async def test_every_commit_waits_for_the_disk(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    [row] = await history._connection().execute_fetchall("PRAGMA synchronous")
    assert row[0] == 2, "FULL: what was recorded survives a power cut"
    await history.close(None)
