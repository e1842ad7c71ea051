"""A damaged history is found: before the start when it is small, beside the running desk when it is large."""

import asyncio
import os
from pathlib import Path

import pytest

from storage.errors import HistoryError
from storage.sqlite.history import SqliteHistory
from storage.writer import HistoryWriter
from tests.support.history import rows as facts


def damage(path: Path) -> None:
    middle = path.stat().st_size // 4096 // 2
    with path.open("r+b") as file:
        for page in range(middle, middle + 20):
            file.seek(page * 4096)
            file.write(os.urandom(64))


async def broken_off(path: Path, *, clean: bool = False) -> None:
    """A history of some pages whose last run did not end cleanly, damaged where its rows are."""
    history = SqliteHistory(path)
    await history.open(facts.run())
    for first in range(0, 4_000, 500):
        await history.write([facts.demand(n) for n in range(first, first + 500)])
    await history.close(facts.START_NS if clean else None)
    damage(path)


async def test_a_damaged_small_file_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await broken_off(path, clean=True)
    with pytest.raises(HistoryError, match=r"is damaged \(.*keep .* for recovery"):
        await SqliteHistory(path).open(facts.run("run-2"))
    assert facts.rows(path, "SELECT run_id FROM runs") == [("run-1",)]


async def test_a_large_file_is_checked_after_a_crash_and_takes_nothing_once_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await broken_off(path)
    history = SqliteHistory(path, small_bytes=0, check_after_s=0)
    await history.open(facts.run("run-2"))
    failures: list[str] = []
    writer = HistoryWriter(history, interval_s=0.01, on_failure=failures.append)
    running = asyncio.create_task(writer.run())
    n = 0
    while not failures:
        n += 1
        writer.record(facts.action(n))
        await asyncio.sleep(0.01)
    assert "is damaged" in failures[0]
    assert not writer.writable
    writer.record(facts.action(0))
    writer.stop(grace_s=0.1)
    with pytest.raises(HistoryError, match="is damaged"):
        await running
    await history.close(None)


async def test_an_intact_large_file_is_used_and_may_be_closed_during_the_check(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for run_id in ("run-1", "run-2", "run-3"):
        history = SqliteHistory(path, small_bytes=0, check_after_s=0)
        await history.open(facts.run(run_id))
        await history.write(facts.one_of_each(1))
        await history.close(None)
    assert facts.rows(path, "SELECT COUNT(*) FROM runs") == [(3,)]


async def test_a_large_file_that_is_closed_before_its_check_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    for run_id in ("run-1", "run-2"):
        history = SqliteHistory(path, small_bytes=0, check_after_s=3_600)
        await history.open(facts.run(run_id))
        await history.close(None)
