"""The writer takes events at once, keeps them through every failure, and reports when it cannot be relied on."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, IntentInventory, LiquidityAction, SwapDemand, WithdrawalPrepared
from cockpit.model.recorder import LateEvent
from storage.errors import HistoryError
from storage.history import History, HistoryHealth, PreviousRun, RecordedFill, RecordedQuote, RecordedRequest, Run
from storage.sqlite.history import SqliteHistory
from storage.writer import BATCH, MADE_PER_SLICE, HistoryWriter
from tests.support.history import rows as facts
from tests.support.history.full_disk import SmallDisk
from tests.support.waiting import until
from venue.protocol.units import NS_PER_S


class Clock:
    """UTC nanoseconds that stand still until they are set."""

    def __init__(self) -> None:
        self.ns = facts.START_NS

    def __call__(self) -> int:
        return self.ns


class BlockableHistory(SqliteHistory):
    """A real history whose writes can be blocked, and that notes how it was called."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.unblocked = asyncio.Event()
        self.unblocked.set()
        self.sizes: list[int] = []
        self.signs: list[int] = []

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        await self.unblocked.wait()
        self.sizes.append(len(batch))
        await super().write(batch)

    async def heartbeat(self, at_ns: int) -> None:
        self.signs.append(at_ns)
        await super().heartbeat(at_ns)


@contextlib.asynccontextmanager
async def running(writer: HistoryWriter) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.ensure_future(writer.run())
    try:
        yield task
    finally:
        writer.stop(grace_s=0)
        await asyncio.wait({task})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


async def test_recorded_events_are_durable_after_a_flush_and_in_order(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    async with running(writer):
        for n in range(1_234):
            writer.record(facts.demand(n))
        await writer.flush()
        stored = facts.rows(path, "SELECT quote_id FROM swap_demand_events ORDER BY id")
        assert stored == [(f"quote-{n}",) for n in range(1_234)]
        assert (writer.state().queue, writer.state().written) == (0, 1_234)
        await writer.flush()
    await history.close(facts.START_NS)


async def test_late_events_keep_their_place_and_are_made_once_however_often_they_are_tried(path: Path) -> None:
    history = SqliteHistory(path, busy_timeout_s=0.02)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    made: list[int] = []

    def late(n: int) -> LateEvent[SwapDemand]:
        def make() -> SwapDemand:
            made.append(n)
            return facts.demand(n)

        return LateEvent(make)

    async with running(writer):
        await until(lambda: writer.writable)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        for n in range(0, 100, 2):
            writer.record_late(late(n))
            writer.record(facts.demand(n + 1))
        assert not made, "nothing is made on the way of a request"
        await until(lambda: writer.state().failures >= 2)
        other.close()
        await writer.flush()
    assert made == list(range(0, 100, 2))
    assert facts.rows(path, "SELECT quote_id FROM swap_demand_events ORDER BY id") == [
        (f"quote-{n}",) for n in range(100)
    ]
    await history.close(facts.START_NS)


async def test_the_loop_turns_while_late_events_are_made(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    turns, made_in_turn = 0, Counter[int]()

    def make(n: int) -> SwapDemand:
        made_in_turn[turns] += 1
        return facts.demand(n)

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    for n in range(60):
        writer.record_late(LateEvent(partial(make, n)))
    async with running(writer):
        await writer.flush()
    turning.cancel()
    assert sum(made_in_turn.values()) == 60
    assert max(made_in_turn.values()) <= MADE_PER_SLICE
    await history.close(facts.START_NS)


async def test_a_full_queue_drops_and_counts_late_events_too(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), capacity=1)
    for n in range(3):
        writer.record_late(LateEvent(partial(facts.demand, n)))
    assert (writer.state().status, writer.state().dropped, writer.depth) == ("overflown", 2, 1)
    await history.close(facts.START_NS)


async def test_no_transaction_holds_more_than_a_batch(path: Path) -> None:
    history = BlockableHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    for n in range(2 * BATCH + 1):
        writer.record(facts.demand(n))
    async with running(writer):
        await writer.flush()
    assert history.sizes == [BATCH, BATCH, 1]
    assert writer.state().batches == 3
    await history.close(facts.START_NS)


async def test_it_is_writable_only_between_the_first_heartbeat_and_the_end(path: Path) -> None:
    history = SqliteHistory(path)
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    assert not writer.writable
    assert writer.problem == "the history is not written yet"
    assert writer.state().status == "starting"
    await history.open(facts.run())
    async with running(writer) as task:
        await until(lambda: writer.writable)
        assert writer.state().status == "ok"
        writer.record(facts.demand(1))
        writer.stop()
        await task
    assert not writer.writable
    assert writer.state().status == "stopped"
    assert (await history.counts())["swap_demand_events"] == 1
    await history.close(facts.START_NS)


async def test_a_history_that_is_not_open_is_a_failure(path: Path) -> None:
    reasons: list[str] = []
    writer = HistoryWriter(
        SqliteHistory(path), env=Environment(wall_ns=Clock()), interval_s=0.01, on_failure=reasons.append
    )
    async with running(writer):
        await until(lambda: writer.state().status == "failing")
        assert not writer.writable
    assert len(reasons) == 1
    assert "not open" in reasons[0]


async def test_a_lock_makes_it_fail_at_once_and_keep_everything_until_it_is_released(path: Path) -> None:
    clock = Clock()
    reasons: list[str] = []
    history = SqliteHistory(path, busy_timeout_s=0.02)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=clock), interval_s=0.01, on_failure=reasons.append)
    async with running(writer):
        await until(lambda: writer.writable)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        clock.ns += 7
        for n in range(5):
            writer.record(facts.demand(n))
        await until(lambda: writer.state().failures >= 2)
        state = writer.state()
        assert (state.status, state.since_ns, state.queue) == ("failing", facts.START_NS + 7, 5)
        assert "locked by another program" in state.error
        assert not writer.writable
        other.close()
        await writer.flush()
        await until(lambda: writer.writable)
        assert (writer.state().error, writer.state().since_ns) == ("", None)
    assert len(reasons) == 1
    assert (await history.counts())["swap_demand_events"] == 5
    await history.close(facts.START_NS)


async def test_a_full_disk_loses_nothing_once_there_is_room(path: Path) -> None:
    history = SmallDisk(path)
    await history.open(facts.run())
    await history.shrink()
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    async with running(writer):
        for n in range(3_000):
            writer.record(facts.decision(n))
        await until(lambda: writer.state().status == "failing")
        assert "disk is full" in writer.state().error
        await history.grow()
        await writer.flush()
    stored = facts.rows(path, "SELECT decision_id FROM trade_decisions ORDER BY id")
    assert stored == [(f"decision-{n}",) for n in range(3_000)]
    await history.close(facts.START_NS)


async def test_a_heartbeat_finds_an_idle_run_failing(path: Path) -> None:
    clock = Clock()
    history = SqliteHistory(path, busy_timeout_s=0.02)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=clock), interval_s=0.01)
    async with running(writer):
        await until(lambda: writer.writable)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        clock.ns += NS_PER_S
        await until(lambda: not writer.writable)
        other.close()
        await until(lambda: writer.writable)
    await history.close(None)
    assert facts.rows(path, "SELECT last_write_ns FROM runs") == [(facts.START_NS + NS_PER_S,)]


async def test_a_heartbeat_is_written_once_a_second_and_not_more_often(path: Path) -> None:
    clock = Clock()
    history = BlockableHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=clock), interval_s=0.001)
    async with running(writer):
        await until(lambda: writer.writable)
        for n in range(5):
            writer.record(facts.demand(n))
            await writer.flush()
        assert history.signs == [facts.START_NS]
        clock.ns += NS_PER_S
        await until(lambda: len(history.signs) == 2)
        clock.ns -= 3_600 * NS_PER_S
        await until(lambda: len(history.signs) == 3)
    await history.close(None)


async def test_a_nearly_full_queue_is_not_writable_until_it_drains(path: Path) -> None:
    history = BlockableHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), capacity=10, interval_s=0.01)
    async with running(writer):
        await until(lambda: writer.writable)
        history.unblocked.clear()
        for n in range(8):
            writer.record(facts.demand(n))
        assert writer.writable
        assert writer.problem == ""
        writer.record(facts.demand(8))
        assert not writer.writable
        assert writer.problem.startswith("9 of 10 events wait to be written")
        history.unblocked.set()
        await writer.flush()
        assert writer.writable
    await history.close(facts.START_NS)


async def test_an_overflow_counts_lost_events_reports_at_once_and_stays_failed(path: Path) -> None:
    reasons: list[str] = []
    history = BlockableHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(
        history, env=Environment(wall_ns=Clock()), capacity=10, interval_s=0.01, on_failure=reasons.append
    )
    history.unblocked.clear()
    async with running(writer) as task:
        writer.record(facts.demand(0))
        waiting = asyncio.ensure_future(writer.flush())
        await asyncio.sleep(0)
        for n in range(1, 13):
            writer.record(facts.demand(n))
        assert len(reasons) == 1
        assert "overflowed at 10 events" in reasons[0]
        assert writer.state().dropped == 3
        history.unblocked.set()
        await waiting
        await until(lambda: writer.depth == 0)
        assert writer.state().status == "overflown"
        assert not writer.writable
        with pytest.raises(HistoryError, match="overflowed"):
            await writer.flush()
        writer.stop()
        with pytest.raises(HistoryError, match="3 events could not be written to the history"):
            await task
    assert (await history.counts())["swap_demand_events"] == 10
    await history.close(None)


async def test_a_write_that_hangs_is_a_failure_while_it_hangs(path: Path) -> None:
    reasons: list[str] = []
    history = BlockableHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(
        history, env=Environment(wall_ns=Clock()), interval_s=0.01, stall_s=0.05, on_failure=reasons.append
    )
    async with running(writer):
        await until(lambda: writer.writable)
        history.unblocked.clear()
        writer.record(facts.demand(1))
        await until(lambda: writer.state().status == "failing")
        assert "not answered" in reasons[0]
        history.unblocked.set()
        await writer.flush()
        await until(lambda: writer.writable)
    await history.close(facts.START_NS)


async def test_stop_gives_up_on_a_history_that_stays_locked_and_counts_what_is_missing(path: Path) -> None:
    history = SqliteHistory(path, busy_timeout_s=0.02)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    async with running(writer) as task:
        writer.record(facts.demand(1))
        writer.record(facts.demand(2))
        flushing = asyncio.ensure_future(writer.flush())
        await until(lambda: writer.state().failures > 0)
        writer.stop(grace_s=0.05)
        with pytest.raises(HistoryError, match=r"2 events could not be written to the history.*locked"):
            await task
        with pytest.raises(HistoryError, match="locked"):
            await flushing
        with pytest.raises(HistoryError, match="locked"):
            await writer.flush()
    other.close()
    await history.close(None)


class LostConfirmations(History):
    """Commits, then fails twice: a commit whose confirmation was lost."""

    def __init__(self, inner: SqliteHistory) -> None:
        self.inner = inner
        self.unconfirmed = 2

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        await self.inner.write(batch)
        if self.unconfirmed:
            self.unconfirmed -= 1
            raise HistoryError("no answer")

    async def open(self, run: Run) -> PreviousRun | None:
        return await self.inner.open(run)

    async def heartbeat(self, at_ns: int) -> None:
        await self.inner.heartbeat(at_ns)

    async def counts(self) -> Mapping[str, int]:
        return await self.inner.counts()

    async def liquidity(self, kind: str) -> tuple[LiquidityAction, ...]:
        return await self.inner.liquidity(kind)

    async def balance_before(self, asset: str, at_ns: int) -> int | None:
        return await self.inner.balance_before(asset, at_ns)

    async def prepared_withdrawals(self) -> tuple[WithdrawalPrepared, ...]:
        return await self.inner.prepared_withdrawals()

    def open_quotes(self) -> AsyncIterator[tuple[RecordedQuote, ...]]:
        return self.inner.open_quotes()

    async def settled_since(self, at_ns: int) -> tuple[RecordedQuote, ...]:
        return await self.inner.settled_since(at_ns)

    async def fills_since(self, at_ns: int) -> tuple[RecordedFill, ...]:
        return await self.inner.fills_since(at_ns)

    async def prices_since(self, source: str, at_ns: int) -> tuple[tuple[int, Decimal], ...]:
        return await self.inner.prices_since(source, at_ns)

    async def requests_since(self, at_ns: int) -> tuple[RecordedRequest, ...]:
        return await self.inner.requests_since(at_ns)

    async def last_arguments(self, command: str) -> str | None:
        return await self.inner.last_arguments(command)

    async def last_explained(self) -> tuple[IntentInventory, ...]:
        return await self.inner.last_explained()

    async def last_height(self) -> int | None:
        return await self.inner.last_height()

    async def position(self) -> Mapping[str, int]:
        return await self.inner.position()

    async def prune(self, before_ns: int) -> bool:
        return await self.inner.prune(before_ns)

    def health(self) -> HistoryHealth:
        return self.inner.health()

    async def close(self, at_ns: int | None) -> None:
        await self.inner.close(at_ns)


async def test_a_batch_whose_first_attempt_was_committed_is_stored_once(path: Path) -> None:
    history = LostConfirmations(SqliteHistory(path))
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01)
    async with running(writer):
        for event in facts.one_of_each(1):
            writer.record(event)
        await writer.flush()
    counts = await history.counts()
    assert set(counts.values()) == {1}
    await history.close(facts.START_NS)


class FailingHistory(SqliteHistory):
    async def write(self, batch: Sequence[AnyEvent]) -> None:
        raise ZeroDivisionError


async def test_an_unexpected_error_ends_the_writer_and_makes_it_unwritable(path: Path) -> None:
    reasons: list[str] = []
    history = FailingHistory(path)
    await history.open(facts.run())
    writer = HistoryWriter(history, env=Environment(wall_ns=Clock()), interval_s=0.01, on_failure=reasons.append)
    writer.record(facts.demand(1))
    with pytest.raises(ZeroDivisionError):
        await writer.run()
    assert not writer.writable
    assert reasons == ["the history writer failed: ZeroDivisionError; restart the desk"]
    await history.close(None)
