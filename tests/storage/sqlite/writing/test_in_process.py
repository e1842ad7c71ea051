"""A process that writes the history loses nothing that it answered for, and is no more than a failing history."""

import asyncio
import os
import signal
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import HistoryError
from storage.sqlite.history import SqliteHistory
from storage.sqlite.writing.in_process import WritingProcess
from storage.sqlite.writing.transaction import Group
from tests.support.history import rows as facts
from tests.support.waiting import until


class Written:
    """A history at ``path`` and the process that writes it."""

    def __init__(self, path: Path, busy_timeout_s: float = 1.0) -> None:
        self.path = path
        self.history = SqliteHistory(path, writing=self._made, busy_timeout_s=busy_timeout_s)

    def _made(self, path: Path, busy_timeout_s: float) -> WritingProcess:
        self.process = WritingProcess(path, busy_timeout_s)
        return self.process

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def ids(self) -> list[str]:
        """The requests in the file, in the order of their writing."""
        db = sqlite3.connect(self.path)
        try:
            return [row[0] for row in db.execute("SELECT quote_id FROM swap_demand_events ORDER BY id")]
        finally:
            db.close()


def alive(pid: int) -> bool:
    try:
        return about(pid, "stat").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def about(pid: int, what: str) -> str:
    return Path(f"/proc/{pid}/{what}").read_text()


async def test_a_process_killed_between_two_writes_is_started_again(tmp_path: Path) -> None:
    store = Written(tmp_path / "history.db")
    await store.history.open(facts.run())
    await store.history.write([facts.demand(1)])
    first = store.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: not alive(first))

    async def taken() -> bool:
        try:
            await store.history.write([facts.demand(2)])
        except HistoryError:
            return False
        return True

    await until(taken)
    assert store.pid != first
    assert store.ids() == [facts.demand(1).quote_id, facts.demand(2).quote_id]
    await store.history.close(facts.START_NS)


async def test_a_write_whose_process_dies_fails_and_is_there_once_when_written_again(tmp_path: Path) -> None:
    store = Written(tmp_path / "history.db")
    await store.history.open(facts.run())
    os.kill(store.pid, signal.SIGSTOP)
    writing = asyncio.create_task(store.history.write([facts.demand(1)]))
    await asyncio.wait({writing}, timeout=0.05)
    assert not writing.done()
    os.kill(store.pid, signal.SIGKILL)
    with pytest.raises(HistoryError, match="the process that writes the history ended"):
        await writing
    await store.history.write([facts.demand(1)])
    await store.history.write([facts.demand(1)])
    assert store.ids() == [facts.demand(1).quote_id]
    assert store.history.duplicates == 1
    await store.history.close(facts.START_NS)


async def test_a_write_that_is_given_up_does_not_answer_for_the_next_one(tmp_path: Path) -> None:
    store = Written(tmp_path / "history.db")
    await store.history.open(facts.run())
    stopped = store.pid
    os.kill(stopped, signal.SIGSTOP)
    writing = asyncio.create_task(store.history.write([facts.demand(n) for n in range(3)]))
    await asyncio.wait({writing}, timeout=0.05)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await until(lambda: not alive(stopped))
    await store.history.write([facts.demand(7)])
    assert store.history.duplicates == 0
    assert store.ids() == [facts.demand(7).quote_id]
    await store.history.close(facts.START_NS)


async def test_rows_that_cannot_be_made_leave_nothing_for_the_next_write(tmp_path: Path) -> None:
    store = Written(tmp_path / "history.db")
    await store.history.open(facts.run())
    rows = [facts.demand(n) for n in range(30)]

    async def groups() -> AsyncIterator[Group]:
        yield "swap_demand_events", ("run_id", "at_ns"), [("x", 1)]
        raise ValueError("a row that cannot be made")

    with pytest.raises(ValueError, match="cannot be made"):
        await store.process.write(groups(), 1, "run")
    await store.history.write(rows)
    assert store.ids() == [row.quote_id for row in rows]
    await store.history.close(facts.START_NS)


async def test_a_locked_database_is_explained_as_by_the_thread_and_written_once_released(tmp_path: Path) -> None:
    store = Written(tmp_path / "history.db", busy_timeout_s=0.05)
    await store.history.open(facts.run())
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(HistoryError, match="locked by another program"):
        await store.history.write([facts.demand(1)])
    other.execute("ROLLBACK")
    other.close()
    await store.history.write([facts.demand(1)])
    assert store.ids() == [facts.demand(1).quote_id]
    await store.history.close(facts.START_NS)


async def test_an_event_that_fits_no_column_is_set_aside(tmp_path: Path) -> None:
    store = Written(tmp_path / "history.db")
    await store.history.open(facts.run())
    await store.history.write(
        [facts.demand(1), msgspec.structs.replace(facts.demand(2), asked_ns=2**70), facts.demand(3)]
    )
    assert store.ids() == [facts.demand(1).quote_id, facts.demand(3).quote_id]
    assert store.history.health().refused == 1
    await store.history.close(facts.START_NS)


async def test_the_process_ends_with_the_history_and_gets_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEAR_INTENTS_SIGNER_KEY", "ed25519:secret")
    store = Written(tmp_path / "history.db")
    await store.history.open(facts.run())
    pid = store.pid
    assert "secret" not in about(pid, "environ") + about(pid, "cmdline")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    await store.history.write([facts.demand(1)])
    assert store.pid == pid, "what stops a desk does not stop the process that it has rows for"
    await store.history.close(facts.START_NS)
    assert not alive(pid)


async def test_a_process_that_cannot_be_started_is_a_failing_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.sqlite.writing.in_process.sys.executable", "/nowhere/python")
    with pytest.raises(HistoryError, match="cannot be started"):
        await Written(tmp_path / "history.db").history.open(facts.run())


STEPS = st.lists(st.sampled_from(("write", "write", "kill", "stop, kill", "cancel")), min_size=1, max_size=8)


@settings(max_examples=10, deadline=None)
@given(steps=STEPS)
def test_whatever_becomes_of_the_process_all_that_was_answered_is_there_once(steps: list[str]) -> None:
    async def go(path: Path) -> None:
        store = Written(path)
        await store.history.open(facts.run())
        answered: list[str] = []
        for n, step in enumerate(steps):
            events = [facts.demand(n * 100 + m) for m in range(25)]
            pid = store.pid
            if step == "stop, kill":
                os.kill(pid, signal.SIGSTOP)
            writing = asyncio.create_task(store.history.write(events))
            if step != "write":
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            if step == "cancel":
                writing.cancel()
            elif step != "write":
                os.kill(pid, signal.SIGKILL)
            try:
                await writing
            except (HistoryError, asyncio.CancelledError):
                await store.history.write(events)
            answered += [event.quote_id for event in events]
        await store.history.close(facts.START_NS)
        assert store.ids() == answered

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(go(Path(folder) / "history.db"))
