"""How much history a desk can write while quoting, compared with the limits of the databases.

``python -m bench.history [--seconds 600] [--rate 100] [--events 5000] [--repetitions 1] [--quick]``; run from the
repository's root. First the limit: rows a second of plain `executemany` into SQLite and of COPY into PostgreSQL, beside
the engines, same rows and batches. Then a desk that quotes ``--rate`` requests a second while it writes ``--events``
events a second: reaction times with SQLite and PostgreSQL beside the same desk that writes nothing. `POSTGRES_TEST_URL`
names a server; otherwise one is started, with fsync.
"""

import asyncio
import contextlib
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
import click
import msgspec
import uvloop

from bench.bench_desk import BenchDesk
from bench.history_desk import pair_of_events
from bench.load import RequestLoad, percentile
from bench.sender_process import SETTINGS, SenderProcess
from bench.venues import start_venue
from cockpit.model.events import AnyEvent
from storage.history import History, Run
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.rows import Table, by_table
from storage.sqlite.history import SqliteHistory
from storage.writer import BATCH
from tests.support.history.engines import create_database, drop_database
from tests.support.history.postgres_server import DURABLE, Server

NONE, SQLITE, POSTGRES = "none", "sqlite", "postgres"
START_NS = 1_800_000_000 * 10**9
AIM = 0.7
"""Share of the plain limit that an engine should reach."""


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """Rows a second: ``plain``: written directly to the database; ``ours``: by the desk's engine."""

    engine: str
    plain: float
    ours: float


class HistoryTurn(msgspec.Struct, frozen=True, kw_only=True):
    """One desk for some time. Reaction in microseconds; ``queue``: the longest seen; ``lost``: unanswered requests."""

    history: str
    written: float
    queue: int
    p50: float
    p99: float
    lost: int
    disarmed: str


def batches(rows: int) -> list[list[AnyEvent]]:
    """Batches of requests and decisions, as the writer makes them under load."""
    events = [event for n in range(rows // 2) for event in pair_of_events(n, START_NS + n)]
    return [events[first : first + BATCH] for first in range(0, len(events), BATCH)]


def _grouped(every: list[list[AnyEvent]]) -> list[list[tuple[Table, list[tuple[Any, ...]]]]]:
    return [[(table, [table.row("run", e) for e in events]) for table, events in by_table(batch)] for batch in every]


def plain_sqlite(path: Path, every: list[list[AnyEvent]]) -> float:
    """Measure rows a second by `executemany`, a commit a batch, rows made beforehand."""
    asyncio.run(_prepare(SqliteHistory(path)))
    grouped = _grouped(every)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = NORMAL")
        started = time.perf_counter()
        for groups in grouped:
            db.execute("BEGIN IMMEDIATE")
            for table, rows in groups:
                marks = ", ".join("?" * len(table.columns))
                db.executemany(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})", rows)
            db.execute("COMMIT")
        return _rate(every, started)


async def plain_postgres(url: str, folder: Path, every: list[list[AnyEvent]]) -> float:
    """Measure rows a second by COPY, a commit a batch, rows made beforehand."""
    await _prepare(PostgresHistory(url, Journal(folder / "plain.journal")))
    grouped = _grouped(every)
    texts = [
        [(table, "".join("\t".join(map(_copied, row)) + "\n" for row in rows).encode()) for table, rows in groups]
        for groups in grouped
    ]
    db = await asyncpg.connect(url)
    try:
        started = time.perf_counter()
        for groups in texts:
            async with db.transaction():
                for table, text in groups:
                    await db.copy_to_table(table.name, source=memoryview(text), columns=table.columns)
        return _rate(every, started)
    finally:
        await db.close()


def _copied(value: object) -> str:
    return "\\N" if value is None else str(value)


async def desk_engine_rate(history: History, every: list[list[AnyEvent]]) -> float:
    """Measure rows a second by the desk's engine, as fast as it accepts them."""
    await history.open(Run(run_id="run", mode="SANDBOX", account="bench.near", started_ns=START_NS))
    started = time.perf_counter()
    for batch in every:
        await history.write(batch)
    rate = _rate(every, started)
    await history.close(START_NS)
    return rate


async def _prepare(history: History) -> None:
    await history.open(Run(run_id="run", mode="SANDBOX", account="bench.near", started_ns=START_NS))
    await history.close(START_NS)


def _rate(every: list[list[AnyEvent]], started: float) -> float:
    return sum(map(len, every)) / (time.perf_counter() - started)


@contextlib.asynccontextmanager
async def _database(server: str, name: str) -> Any:
    yield await create_database(server, name)
    await drop_database(server, name)


async def speeds(server: str, rows: int, repetitions: int) -> list[Speed]:
    """Return the medians of several turns, plain and the desk's engine in turn."""
    every = batches(rows)
    found: dict[tuple[str, str], list[float]] = {}
    for turn in range(repetitions):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            plain = await asyncio.to_thread(plain_sqlite, folder / "plain.sqlite", every)
            found.setdefault((SQLITE, "plain"), []).append(plain)
            found.setdefault((SQLITE, "ours"), []).append(
                await desk_engine_rate(SqliteHistory(folder / "ours.sqlite"), every)
            )
            async with _database(server, f"bench_plain_{turn}") as url:
                found.setdefault((POSTGRES, "plain"), []).append(await plain_postgres(url, folder, every))
            async with _database(server, f"bench_ours_{turn}") as url:
                history = PostgresHistory(url, Journal(folder / "ours.journal"))
                found.setdefault((POSTGRES, "ours"), []).append(await desk_engine_rate(history, every))
    medians = {key: statistics.median(values) for key, values in found.items()}
    return [
        Speed(engine=engine, plain=medians[engine, "plain"], ours=medians[engine, "ours"])
        for engine in (SQLITE, POSTGRES)
    ]


async def quoting(history: str, url: str, rate: float, events: float, seconds: float) -> HistoryTurn:
    """Run a desk that quotes and writes for so long."""
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        venue = await start_venue(rate=0, other_pairs=0)
        sender = SenderProcess()
        stack.push_async_callback(sender.end)
        await sender.start()
        settings = {**venue.env(), **SETTINGS, "NEAR_INTENTS_RELAY_WS_URL": f"ws://127.0.0.1:{sender.port}/desk"}
        if history == POSTGRES:
            settings["POSTGRES_URL"] = url
        environ = {"BENCH_EVENTS": str(events), "BENCH_HISTORY": history}
        with _environment(environ):
            desk = await stack.enter_async_context(BenchDesk(directory, settings, module="bench.history_desk"))
        stack.push_async_callback(venue.stop)
        desk.watch()
        await desk.arm()
        longest, before, started = 0, await _written(desk), time.monotonic()

        async def sample() -> None:
            nonlocal longest
            while True:
                longest = max(longest, (await desk.state()).history_queue)
                await asyncio.sleep(0.2)

        sampling = asyncio.create_task(sample())
        load = RequestLoad(subject="desk", run=1, rate=rate, seconds=seconds, warm_up_s=2.0, other_pairs=0.0)
        measured = await sender.measure(load)
        sampling.cancel()
        written = (await _written(desk) - before) / (time.monotonic() - started)
        shot = await desk.state()
        took = measured.latencies_us
        return HistoryTurn(
            history=history,
            written=written,
            queue=longest,
            p50=percentile(took, 0.5),
            p99=percentile(took, 0.99),
            lost=measured.sent - len(took),
            disarmed="" if shot.executor_armed else shot.executor_why,
        )


async def _written(desk: BenchDesk) -> int:
    health = next(one for one in (await desk.state()).health if one.part == "history-writer")
    return health.counters["written"]


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Any:
    """The environment with these values, which a desk that is started inherits."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


async def run(rows: int, rate: float, events: float, seconds: float, repetitions: int) -> None:
    """Measure and print."""
    with contextlib.ExitStack() as stack:
        server = os.environ.get("POSTGRES_TEST_URL") or stack.enter_context(Server(settings=DURABLE)).url()
        click.echo(f"{'engine':10} {'plain rows/s':>14} {'History rows/s':>15} {'ratio':>6}   aim {AIM:.0%}")
        for speed in await speeds(server, rows, 3):
            click.echo(f"{speed.engine:10} {speed.plain:14,.0f} {speed.ours:15,.0f} {speed.ours / speed.plain:6.0%}")
        click.echo(f"\na desk quoting {rate:g} requests/s and writing {events:g} more events/s for {seconds:g} s")
        click.echo(f"{'history':10} {'events/s':>10} {'queue':>7} {'p50 µs':>8} {'p99 µs':>8} {'p99 ratio':>10}")
        for repetition in range(repetitions):
            base = 0.0
            for history in (NONE, SQLITE, POSTGRES):
                async with _database(server, f"bench_desk_{repetition}_{history}") as url:
                    turn = await quoting(history, url, rate, events, seconds)
                base = base or turn.p99
                cells = f"{history:10} {turn.written:10,.0f} {turn.queue:7,} {turn.p50:8,.0f} {turn.p99:8,.0f}"
                wrong = f"  {turn.lost} unanswered" if turn.lost else ""
                wrong += f"  DISARMED: {turn.disarmed}" if turn.disarmed else ""
                click.echo(f"{cells} {turn.p99 / base if base else 0:10.2f}{wrong}")


@click.command()
@click.option("--rows", default=200_000, show_default=True, help="Rows of the limit's measurement.")
@click.option("--rate", default=100.0, show_default=True, help="Requests a second.")
@click.option("--events", default=5_000.0, show_default=True, help="Events a second beside those of the quotes.")
@click.option("--seconds", default=600.0, show_default=True, help="How long each desk is measured.")
@click.option("--repetitions", default=1, show_default=True, help="How often each desk is.")
@click.option("--quick", is_flag=True, help="Only test that it works: seconds, and few rows.")
def main(rows: int, rate: float, events: float, seconds: float, repetitions: int, quick: bool) -> None:
    """Rows a second beside the databases' limits, and a quoting desk's reaction beside one that writes nothing."""
    if quick:
        rows, seconds = min(rows, 20_000), min(seconds, 5.0)
    uvloop.run(run(rows, rate, events, seconds, repetitions))


if __name__ == "__main__":
    main()
