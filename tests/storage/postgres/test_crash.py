"""PostgreSQL or the desk killed at full load: every acknowledged batch is stored once, complete and in order."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.history import HEALTHY
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.writer import HistoryWriter
from tests.support.history import rows as facts
from tests.support.history.crash_child import SIZE
from tests.support.history.engines import PostgresEngine
from tests.support.history.postgres_server import DURABLE, Server
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, which keeps what it acknowledged over a crash."""
    with Server(settings=DURABLE) as server:
        yield server


async def test_a_server_killed_and_restarted_under_load_loses_nothing_and_keeps_the_order(
    server: Server, tmp_path: Path
) -> None:
    history = PostgresHistory(server.url(), Journal(tmp_path / "history.journal"))
    await history.open(facts.run())
    failures: list[str] = []
    writer = HistoryWriter(history, interval_s=0.01, on_failure=failures.append)
    running = asyncio.create_task(writer.run())
    stop = asyncio.Event()

    async def load() -> int:
        n = 0
        while not stop.is_set():
            for _ in range(10):
                n += 1
                writer.record(facts.demand(n))
            await asyncio.sleep(0.01)
        return n

    loading = asyncio.create_task(load())
    await until(lambda: writer.written > 1_000, 60)
    await asyncio.to_thread(server.kill)
    await until(lambda: not history.health().complete, 60)
    assert "wait in" in history.health().problem
    before = writer.written
    await until(lambda: writer.written > before + 500, 60)
    await asyncio.to_thread(server.start)
    await until(lambda: history.health() == HEALTHY, 120)
    stop.set()
    count = await loading
    writer.stop()
    await running
    await history.close(facts.START_NS + 10**9)
    assert not failures
    engine = PostgresEngine(tmp_path, server.url())
    found = await engine.rows("SELECT quote_id FROM swap_demand_events ORDER BY id")
    assert found == [(f"quote-{n}",) for n in range(1, count + 1)]


@pytest.mark.parametrize("batches", [1, 7])
async def test_sigkill_of_the_desk_in_mid_write_loses_nothing_durable_and_leaves_nothing_half(
    postgres: PostgresEngine, batches: int
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.support.history.crash_child", str(postgres.journal), postgres.url),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    async with asyncio.timeout(60):
        for _ in range(batches):
            await child.stdout.readline()
        child.kill()
        acknowledged = batches + (await child.stdout.read()).count(b"\n")
        await child.wait()

    history = postgres.make()
    previous = await history.open(facts.run("run-2"))
    counts = await history.counts()
    await history.close(facts.START_NS)
    assert previous is not None
    assert not previous.clean
    assert counts["swap_demand_events"] == counts["trade_decisions"]
    batches_stored, rest = divmod(counts["swap_demand_events"], SIZE)
    assert rest == 0
    assert acknowledged <= batches_stored <= acknowledged + 1
