"""A backup is complete while the history goes on; a failed one is reported and leaves nothing behind."""

import asyncio
import resource
import sqlite3
from pathlib import Path

import pytest

from storage.errors import HistoryError
from storage.sqlite.backup import back_up
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts


async def test_a_backup_taken_during_writing_holds_complete_batches(tmp_path: Path) -> None:
    source, target = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    history = SqliteHistory(source)
    await history.open(facts.run())
    written = asyncio.Event()

    async def write() -> None:
        for n in range(0, 400, 10):
            await history.write([event for k in range(n, n + 10) for event in facts.one_of_each(k)])
            written.set()

    writing = asyncio.create_task(write())
    await written.wait()
    made = await asyncio.to_thread(back_up, source, target)
    await writing
    assert made.rows["execute_trade_commands"] % 10 == 0
    assert made.rows["execute_trade_commands"] > 0
    assert facts.permissions(target) == 0o600
    assert (await history.counts())["execute_trade_commands"] == 400
    await history.close(facts.START_NS)

    again = SqliteHistory(target)
    previous = await again.open(facts.run("run-2"))
    assert previous is not None
    assert (await again.counts())["execute_trade_commands"] == made.rows["execute_trade_commands"]
    await again.close(facts.START_NS)


async def small(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([event for n in range(200) for event in facts.one_of_each(n)])
    await history.close(facts.START_NS)


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    source, target = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    await small(source)
    target.write_text("precious")
    with pytest.raises(HistoryError, match="exists already"):
        back_up(source, target)
    assert target.read_text() == "precious"
    assert not (tmp_path / "copy.sqlite.part").exists()


@pytest.mark.parametrize("made_by", ["nobody", "somebody else", "chance"])
async def test_a_file_that_is_not_a_history_is_refused_and_leaves_nothing(tmp_path: Path, made_by: str) -> None:
    source, target = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    if made_by == "somebody else":
        sqlite3.connect(source).execute("CREATE TABLE t (a)").connection.close()
    if made_by == "chance":
        source.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(HistoryError, match="history"):
        back_up(source, target)
    assert not target.exists()
    assert not (tmp_path / "copy.sqlite.part").exists()


async def test_a_damaged_history_gives_no_backup(tmp_path: Path) -> None:
    source, target = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    await small(source)
    raw = bytearray(source.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 4096] = b"\xff" * 4096
    source.write_bytes(raw)
    with pytest.raises(HistoryError):
        back_up(source, target)
    assert not target.exists()
    assert not (tmp_path / "copy.sqlite.part").exists()


async def test_a_full_disk_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    await small(source)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_960, before[1]))
    try:
        with pytest.raises(HistoryError, match=r"the history .*copy"):
            back_up(source, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not target.exists()
    assert not (tmp_path / "copy.sqlite.part").exists()


async def test_an_interrupted_backup_is_reported_and_not_taken_for_a_backup(tmp_path: Path) -> None:
    source, target = tmp_path / "history.sqlite", tmp_path / "copy.sqlite"
    await small(source)
    (tmp_path / "copy.sqlite.part").touch()
    with pytest.raises(HistoryError, match="another backup is running, or one broke off"):
        back_up(source, target)
    assert not target.exists()
