"""A history that cannot be written reports why, loses nothing, and goes on when it can again."""

import errno
import os
import sqlite3
from pathlib import Path

import msgspec
import pytest

from storage.errors import HistoryError
from storage.sqlite.errors import explain
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts
from tests.support.history.full_disk import SmallDisk


async def test_a_locked_database_is_reported_and_written_once_released(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = SqliteHistory(path, busy_timeout_s=0.05)
    await history.open(facts.run())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(HistoryError, match="locked by another program"):
        await history.write([facts.demand(1)])
    other.execute("ROLLBACK")
    other.close()
    await history.write([facts.demand(1)])
    assert (await history.counts())["swap_demand_events"] == 1
    await history.close(facts.START_NS)


async def test_a_database_locked_at_the_start_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(HistoryError, match="locked by another program"):
        await SqliteHistory(path, busy_timeout_s=0.05).open(facts.run())
    other.close()


async def test_a_full_disk_keeps_nothing_of_the_batch_and_the_next_one_fits(tmp_path: Path) -> None:
    history = SmallDisk(tmp_path / "history.db")
    await history.open(facts.run())
    await history.shrink()
    with pytest.raises(HistoryError, match="disk is full: free some space"):
        await history.write([event for n in range(2_000) for event in facts.one_of_each(n)])
    assert (await history.counts())["swap_demand_events"] == 0
    await history.grow()
    await history.write(facts.one_of_each(1))
    assert (await history.counts())["trade_execution_results"] == 1
    await history.close(facts.START_NS)


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left"), OSError(errno.EROFS, "Read-only"), sqlite3.OperationalError("odd")],
)
def test_the_cause_comes_before_the_path_which_may_fill_the_line(error: Exception) -> None:
    path = Path("/var/lib") / ("long" * 40) / "history.sqlite"
    told = explain(path, error)
    assert told.startswith("the history ")
    assert len(told.partition(str(path))[0]) > len("the history ") + 5
    assert str(path) in told


async def test_a_file_moved_while_in_use_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.heartbeat(facts.START_NS)
    os.rename(path, tmp_path / "elsewhere.db")
    with pytest.raises(HistoryError, match="moved or deleted"):
        await history.heartbeat(facts.START_NS)
    await history.close(None)


async def test_a_path_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match=r"cannot be opened: its directory must exist.*history\.db"):
        await SqliteHistory(tmp_path / "file" / "history.db").open(facts.run())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write any file")
async def test_a_read_only_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    os.close(os.open(path, os.O_CREAT, 0o400))
    with pytest.raises(HistoryError, match="is read-only: make the file"):
        await SqliteHistory(path).open(facts.run())


def test_a_read_only_database_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    sqlite3.connect(path).close()
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        reader.execute("CREATE TABLE t (x)")
    reader.close()
    assert "the history is read-only: make the file and its directory writable" in explain(path, caught.value)


async def test_an_event_that_fits_no_column_is_set_aside_with_sqlites_reason(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    await history.open(facts.run())
    bad = msgspec.structs.replace(facts.result(1), at_ns=2**64)
    await history.write([facts.demand(1), bad])
    assert "too large" in history.health().problem
    assert (await history.counts())["swap_demand_events"] == 1
    await history.close(facts.START_NS)
