"""PostgreSQL away, slow, locked, full or taken by another desk: nothing is lost, order is kept, the operator knows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent
from storage.errors import HistoryError
from storage.history import HEALTHY
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.writer import HistoryWriter
from tests.support.history import rows as facts
from tests.support.history.engines import PostgresEngine
from tests.support.history.severable_wire import SeverableWire
from tests.support.waiting import until
from venue.protocol.units import NS_PER_S

IDS = "SELECT quote_id FROM swap_demand_events ORDER BY id"


@pytest.fixture
async def wire(postgres: PostgresEngine) -> AsyncIterator[SeverableWire]:
    async with SeverableWire(int(postgres.url.rpartition(":")[2].partition("/")[0])) as wire:
        yield wire


def through(wire: SeverableWire, postgres: PostgresEngine, **options: Any) -> PostgresHistory:
    """A history that reaches its database over the wire; quick to call it away."""
    url = f"postgresql://desk@127.0.0.1:{wire.port}/{postgres.url.rpartition('/')[2]}"
    return postgres.make(**{"url": url, "write_s": 0.3, **options})


def demands(first: int, count: int) -> list[AnyEvent]:
    return [facts.demand(n) for n in range(first, first + count)]


def quote_ids(count: int) -> list[tuple[str]]:
    return [(f"quote-{n}",) for n in range(count)]


async def back(history: PostgresHistory) -> None:
    await until(lambda: history.health() == HEALTHY)


@pytest.mark.parametrize("fault", ["cut", "hang"])
async def test_events_recorded_without_the_database_reach_it_in_order_once_it_is_back(
    postgres: PostgresEngine, wire: SeverableWire, fault: str
) -> None:
    history = through(wire, postgres)
    await history.open(facts.run())
    await history.write(demands(0, 3))
    getattr(wire, fault)()
    await history.write(demands(3, 3))
    await history.heartbeat(facts.START_NS + 6)
    await history.write(demands(6, 300))
    assert await postgres.rows(IDS) == quote_ids(3)
    health = history.health()
    assert (health.trade, health.complete, health.lost_to_other_desk) == (True, False, False)
    assert "303 events wait in" in health.problem
    wire.mend()
    await back(history)
    await history.write(demands(306, 1))
    assert await postgres.rows(IDS) == quote_ids(307)
    assert not Journal(postgres.journal).waiting()
    await history.close(facts.START_NS + 400)
    assert await postgres.rows("SELECT ended_ns FROM runs") == [(facts.START_NS + 400,)]


async def test_a_commit_whose_answer_was_lost_is_stored_once(postgres: PostgresEngine, wire: SeverableWire) -> None:
    history = through(wire, postgres)
    await history.open(facts.run())
    for n in range(5):
        writing = asyncio.create_task(history.write(facts.one_of_each(n)))
        await asyncio.sleep(n * 0.001)
        wire.cut()
        await writing
        wire.mend()
        await back(history)
    await history.heartbeat(
        facts.START_NS + 1
    )  # A cut that came when nothing was under way is noticed by the next write.
    await back(history)
    counts = await history.counts()
    assert {name: count for name, count in counts.items() if count != 5} == {"runs": 1}
    await history.close(None)


async def test_reads_are_refused_until_the_history_is_complete(postgres: PostgresEngine, wire: SeverableWire) -> None:
    history = through(wire, postgres)
    await history.open(facts.run())
    wire.cut()
    await history.write([facts.withdrawal(1)])
    with pytest.raises(HistoryError, match="waits in"):
        await history.prepared_withdrawals()
    wire.mend()
    await back(history)
    assert await history.prepared_withdrawals() == (facts.withdrawal(1),)
    await history.close(None)


async def test_a_desk_may_not_trade_longer_than_allowed_without_the_database(
    postgres: PostgresEngine, wire: SeverableWire
) -> None:
    now = 0.0
    history = through(wire, postgres, away_ms=5_000, env=Environment(monotonic_ns=lambda: int(now * NS_PER_S)))
    await history.open(facts.run())
    wire.cut()
    now = 4.0
    await history.write(demands(0, 1))
    assert history.health().trade
    assert "signing stops in 1 s" in history.health().problem
    now = 5.0
    assert not history.health().trade
    wire.mend()
    await back(history)
    await history.close(None)


async def test_a_writer_fails_when_that_time_is_over_and_recovers(
    postgres: PostgresEngine, wire: SeverableWire
) -> None:
    history = through(wire, postgres, away_ms=0)
    await history.open(facts.run())
    failures: list[str] = []
    writer = HistoryWriter(history, interval_s=0.01, on_failure=failures.append)
    running = asyncio.create_task(writer.run())
    writer.record(facts.demand(0))
    await until(lambda: writer.writable)
    assert writer.complete
    wire.cut()
    writer.record(facts.demand(1))
    await writer.flush()
    await until(lambda: not writer.writable)
    assert "PostgreSQL" in failures[0]
    assert "signing is stopped until it is back" in failures[0]
    wire.mend()
    await until(lambda: writer.writable and writer.complete)
    writer.stop()
    await running
    await history.close(facts.START_NS)
    assert await postgres.rows(IDS) == quote_ids(2)


async def test_a_desk_killed_without_its_database_leaves_every_event_to_the_next_one(
    postgres: PostgresEngine, wire: SeverableWire
) -> None:
    killed = through(wire, postgres)
    await killed.open(facts.run())
    wire.cut()
    await killed.write(facts.one_of_each(0))
    await killed.close(None)
    assert Journal(postgres.journal).waiting()
    later = postgres.make()
    previous = await later.open(facts.run("run-2"))
    assert previous is not None
    assert (previous.run_id, previous.clean) == ("run-1", False)
    assert previous.last_deadline_ns == facts.command(0).deadline_ns
    assert await postgres.rows("SELECT run_id FROM swap_demand_events") == [("run-1",)]
    assert await later.prepared_withdrawals() == (facts.withdrawal(0),)
    await later.close(facts.START_NS)


async def test_a_clean_end_without_the_database_is_recorded_as_clean(
    postgres: PostgresEngine, wire: SeverableWire
) -> None:
    history = through(wire, postgres)
    await history.open(facts.run())
    wire.cut()
    await history.write(demands(0, 1))
    await history.close(facts.START_NS + 5)
    later = postgres.make()
    previous = await later.open(facts.run("run-2", at_ns=facts.START_NS + 10))
    assert previous is not None
    assert (previous.clean, previous.last_write_ns) == (True, facts.START_NS + 5)
    await later.close(None)


async def test_another_machine_dates_an_unclean_run_by_how_long_it_could_trade_without_the_database(
    postgres: PostgresEngine, wire: SeverableWire, tmp_path: Path
) -> None:
    killed = through(wire, postgres, away_ms=60_000)
    await killed.open(facts.run())
    wire.cut()
    await killed.write(demands(0, 1))
    await killed.close(None)
    elsewhere = postgres.make(journal=tmp_path / "another box" / "history.journal")
    previous = await elsewhere.open(facts.run("run-2", at_ns=facts.START_NS + 10))
    assert previous is not None
    assert (previous.clean, previous.last_write_ns) == (False, facts.START_NS + 60 * NS_PER_S)
    await elsewhere.close(None)


async def test_a_journal_is_not_written_to_another_database(
    postgres: PostgresEngine, wire: SeverableWire, postgres_server: str
) -> None:
    killed = through(wire, postgres)
    await killed.open(facts.run())
    wire.cut()
    await killed.write(demands(0, 1))
    await killed.close(None)
    await (await asyncpg.connect(postgres.url)).execute("TRUNCATE runs")
    with pytest.raises(HistoryError, match=r"events of run run-1, which .* does not have"):
        await postgres.make().open(facts.run("run-2"))
    assert Journal(postgres.journal).waiting()


async def test_a_second_desk_is_refused_and_the_holder_named(postgres: PostgresEngine, tmp_path: Path) -> None:
    first = postgres.make()
    await first.open(facts.run())
    second = postgres.make(journal=tmp_path / "second" / "history.journal")
    with pytest.raises(HistoryError, match=r"another desk writes .*: cockpit desk run-1 \d+@.*; stop it first"):
        await second.open(facts.run("run-2"))
    await first.close(None)
    await second.open(facts.run("run-2"))
    await second.close(None)


async def test_a_desk_whose_account_was_taken_writes_its_backlog_and_ends(
    postgres: PostgresEngine, wire: SeverableWire, tmp_path: Path
) -> None:
    history = through(wire, postgres)
    await history.open(facts.run())
    failures: list[str] = []
    taken: list[str] = []
    writer = HistoryWriter(history, interval_s=0.01, on_failure=failures.append, on_account_lost=taken.append)
    running = asyncio.create_task(writer.run())
    await until(lambda: writer.writable)
    wire.cut()
    writer.record(facts.demand(0))
    await writer.flush()
    other = postgres.make(journal=tmp_path / "other" / "history.journal")
    await other.open(facts.run("run-2"))
    wire.mend()
    await until(lambda: bool(taken))
    assert "another desk" in taken[0]
    assert "run-2" in taken[0]
    assert not writer.writable

    async def written() -> bool:
        return await postgres.rows(IDS) == quote_ids(1)

    await until(written, 30)
    writer.stop()
    await running
    with pytest.raises(HistoryError, match="another desk"):
        await history.close(facts.START_NS)
    assert await postgres.rows(IDS) == quote_ids(1)
    assert other.health() == HEALTHY
    await other.close(None)


async def test_a_lock_of_another_session_delays_only_the_database(postgres: PostgresEngine) -> None:
    history = postgres.make(write_s=0.2)
    await history.open(facts.run())
    session = await asyncpg.connect(postgres.url)
    transaction = session.transaction()
    await transaction.start()
    await session.execute("LOCK TABLE swap_demand_events IN ACCESS EXCLUSIVE MODE")
    for n in range(3):
        await history.write(demands(n, 1))
    assert not history.health().complete
    await transaction.rollback()
    await session.close()
    await back(history)
    assert await postgres.rows(IDS) == quote_ids(3)
    await history.close(None)


async def test_a_full_disk_of_the_server_is_reported_and_delays_only_the_database(
    postgres: PostgresEngine,
) -> None:
    history = postgres.make()
    await history.open(facts.run())
    session = await asyncpg.connect(postgres.url)
    await session.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        "'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
    )
    await session.execute(
        "CREATE TRIGGER no_room BEFORE INSERT ON swap_demand_events FOR EACH STATEMENT EXECUTE FUNCTION full_disk()"
    )
    await history.write(demands(0, 300))
    await history.write(demands(300, 2))
    assert "disk is full: free some space" in history.health().problem
    await session.execute("DROP TRIGGER no_room ON swap_demand_events")
    await session.close()
    await back(history)
    assert await postgres.rows(IDS) == quote_ids(302)
    await history.close(None)


async def test_a_full_disk_of_the_desk_while_the_database_is_away_keeps_the_batch(
    postgres: PostgresEngine, wire: SeverableWire
) -> None:
    url = f"postgresql://desk@127.0.0.1:{wire.port}/{postgres.url.rpartition('/')[2]}"
    history = PostgresHistory(url, Journal(postgres.journal, free_bytes=2**62))
    await history.open(facts.run())
    failures: list[str] = []
    writer = HistoryWriter(history, interval_s=0.01, on_failure=failures.append)
    running = asyncio.create_task(writer.run())
    await until(lambda: writer.writable)
    wire.cut()
    writer.record(facts.demand(0))
    await until(lambda: bool(failures))
    assert "disk is nearly full" in failures[0]
    assert writer.depth == 1
    wire.mend()
    await writer.flush()
    assert await postgres.rows(IDS) == quote_ids(1)
    await until(lambda: writer.writable)
    writer.stop()
    await running
    await history.close(None)


async def test_a_missing_server_stops_the_start_and_the_password_is_not_shown(tmp_path: Path) -> None:
    async with SeverableWire(9) as nobody:
        port = nobody.port
    history = PostgresHistory(f"postgresql://desk:hunter2@127.0.0.1:{port}/h", Journal(tmp_path / "h.journal"))
    with pytest.raises(HistoryError, match=rf"PostgreSQL h at 127\.0\.0\.1:{port} cannot be reached") as raised:
        await history.open(facts.run())
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__


async def test_a_missing_database_is_reported(postgres: PostgresEngine) -> None:
    history = postgres.make(url=postgres.url + "x")
    with pytest.raises(HistoryError, match="does not exist: create it with `createdb`"):
        await history.open(facts.run())


async def test_the_amounts_of_a_fill_add_up_in_sql(postgres: PostgresEngine) -> None:
    history = postgres.make()
    await history.open(facts.run())
    big = [msgspec.structs.replace(facts.demand(n), amount_in=facts.U128_MAX) for n in range(3)]
    await history.write(big)
    assert await postgres.rows("SELECT SUM(amount_in) FROM swap_demand_events") == [(3 * facts.U128_MAX,)]
    await history.close(None)
