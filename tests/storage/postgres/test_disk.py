"""The disk of the database's server is really full: the desk reports it and goes on, and later everything is stored."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from storage.history import HEALTHY, HistoryHealth
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.writer import HistoryWriter
from tests.support.history import rows as facts
from tests.support.history.engines import PostgresEngine
from tests.support.history.postgres_server import Disk, Server
from tests.support.waiting import until

BATCH = 300
SMALL_WAL = ("shared_buffers=32MB", "max_connections=20", "min_wal_size=2MB", "max_wal_size=6MB")

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("CI"), reason="only root can mount the small disk of these tests"
)


@pytest.fixture
def disk() -> Iterator[Disk]:
    with Disk(40) as disk:
        yield disk


class Load:
    """A desk's writer under load without end, and the failures it reported."""

    def __init__(self, history: PostgresHistory) -> None:
        self.history = history
        self.failures: list[str] = []
        self.writer = HistoryWriter(history, interval_s=0.01, on_failure=self.failures.append)
        self.count = 0

    @property
    def health(self) -> HistoryHealth:
        return self.history.health()

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        """Write for as long as this lasts; then everything is durable and the history closed."""
        await self.history.open(facts.run())
        running = asyncio.create_task(self.writer.run())
        loading = asyncio.create_task(self._load())
        try:
            yield
        finally:
            loading.cancel()
            self.writer.stop()
            await running
            await self.history.close(facts.START_NS + 10**9)

    async def _load(self) -> None:
        while True:
            for _ in range(BATCH):
                self.writer.record(facts.demand(self.count))
                self.count += 1
            await asyncio.sleep(0.02)


async def test_tables_that_cannot_grow_delay_only_the_database(disk: Disk, tmp_path: Path) -> None:
    with Server(disk=disk) as server:
        db = await asyncpg.connect(server.url())
        await db.execute(f"CREATE TABLESPACE small LOCATION '{disk.folder('space')}'")
        await db.execute("CREATE DATABASE small TABLESPACE small")
        await db.close()
        load = Load(PostgresHistory(server.url("small"), Journal(tmp_path / "history.journal")))
        async with load.on():
            await until(lambda: load.writer.written > BATCH, 60)
            disk.fill()
            await until(lambda: not load.health.complete, 60)
            assert "the server's disk is full: free some space" in load.health.problem
            assert "No space left on device" in load.health.problem
            before = load.writer.written
            await until(lambda: load.writer.written > before + BATCH, 60)
            disk.free()
            await until(lambda: load.health == HEALTHY, 60)
        assert not load.failures
        await all_in_order(load, PostgresEngine(tmp_path, server.url("small")))


async def test_a_log_that_cannot_grow_kills_the_server_and_delays_only_the_database(disk: Disk, tmp_path: Path) -> None:
    with Server(settings=SMALL_WAL, disk=disk, wal_on_disk=True) as server:
        load = Load(PostgresHistory(server.url(), Journal(tmp_path / "history.journal")))
        async with load.on():
            await until(lambda: load.writer.written > BATCH, 60)
            disk.fill()
            await until(lambda: server.ended, 60)
            await until(lambda: not load.health.complete, 60)
            before = load.writer.written
            await until(lambda: load.writer.written > before + BATCH, 60)
            assert load.health.trade
            assert "events wait in" in load.health.problem
            disk.free()
            await asyncio.to_thread(server.start)
            await until(lambda: load.health == HEALTHY, 60)
        assert not load.failures
        await all_in_order(load, PostgresEngine(tmp_path, server.url()))


async def all_in_order(load: Load, engine: PostgresEngine) -> None:
    found = await engine.rows("SELECT quote_id FROM swap_demand_events ORDER BY id")
    assert found == [(f"quote-{n}",) for n in range(load.count)]
