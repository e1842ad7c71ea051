"""How soon a desk is there after its last run broke off: with millions of rows and thousands of quotes to restore.

``python -m bench.start [--rows 10000000] [--quotes 60000] [--engine sqlite] [--into DIR] [--times 3] [--json]``; run
from the repository's root. Each turn starts the desk with that history and, beside it, one with an empty history
and a bare import of the libraries. Seconds from the spawn, and of CPU of all threads, by stage. ``--into`` keeps the
file of SQLite for the next time. `POSTGRES_TEST_URL` names a server; otherwise one is started, with fsync.
"""

import asyncio
import contextlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec
import psutil
import uvloop

from bench.bench_desk import BenchDesk
from bench.start_rows import (
    ROWS_A_QUOTE,
    RUN,
    PostgresStore,
    SqliteStore,
    Store,
    forget_later_runs,
    over,
    write,
    write_live,
)
from bench.stopping_methods import SETTINGS
from bench.venues import start_venue
from cockpit.config.paths import HISTORY_NAME
from cockpit.model.events import IntentInventory
from storage.history import History, Run
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.sqlite.history import SqliteHistory
from tests.support.history.engines import create_database, drop_database
from tests.support.history.postgres_server import DURABLE, Server
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue

SQLITE, POSTGRES = "sqlite", "postgres"
AIM_S = 2.0
LIBRARIES = "uvloop, httpx, msgspec, starlette, uvicorn, websockets, aiosqlite, nacl.signing, pydantic_settings, click"
IMPORTS, EMPTY, FULL = "libraries alone", "empty history", "full history"
LAST = "reconciled"
RECONCILED_WITHIN_S = 60.0
ACCOUNT = VenueConfig().maker_account


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a stage: seconds since the process was spawned, and of CPU of all its threads until then."""

    stage: str
    wall_s: float
    cpu_s: float


class StartRow(msgspec.Struct, frozen=True, kw_only=True):
    """The medians of one subject's starts. ``restored``: quotes taken over; ``rss_mb``: memory at the end of the start.

    ``blocked``: what keeps the executor from being armed by then.
    """

    engine: str
    subject: str
    stages: list[Stage]
    restored: int = 0
    rss_mb: float = 0.0
    blocked: str = ""


async def build(store: Store, history: History, rows: int) -> None:
    """Fill the history with about so many rows, of quotes that are over."""
    now_ns = time.time_ns()
    await history.open(Run(run_id=RUN, mode="SANDBOX", account=ACCOUNT, started_ns=now_ns - 10**9))
    await history.close(None)
    for events in over(rows // ROWS_A_QUOTE, now_ns):
        await write(store, events)


def libraries() -> StartRow:
    """Start Python with the libraries of a desk, and nothing else."""
    since = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", f"import {LIBRARIES}"])
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise click.ClickException("the libraries of a desk cannot be imported")
    stage = Stage(stage="imports", wall_s=time.perf_counter() - since, cpu_s=used.ru_utime + used.ru_stime)
    return StartRow(engine="", subject=IMPORTS, stages=[stage])


async def start(venue: Venue, directory: Path, engine: str, url: str, subject: str) -> StartRow:
    """Start a desk on what is in the directory and the database, wait until it has reconciled, and end it."""
    file = directory / "stages"
    file.unlink(missing_ok=True)
    settings = {**venue.env(), **SETTINGS, "LOG_LEVEL": "WARNING"}
    if engine == POSTGRES:
        settings["POSTGRES_URL"] = url
    with _environment({"BENCH_STAGES": str(file), "BENCH_SPAWNED_NS": str(time.monotonic_ns())}):
        async with BenchDesk(directory, settings, module="bench.start_desk") as desk:
            async with asyncio.timeout(RECONCILED_WITHIN_S):
                while not _has_ended(file, LAST):  # noqa: ASYNC110 - the desk writes it into a file
                    await asyncio.sleep(0.1)
            assert desk.desk is not None
            rss_mb = psutil.Process(desk.desk.pid).memory_info().rss / 1e6
            shot = await desk.state()
    return StartRow(
        engine=engine,
        subject=subject,
        stages=_stages(file),
        restored=shot.alive.quotes,
        rss_mb=rss_mb,
        blocked=shot.executor_blocked,
    )


def _stages(file: Path) -> list[Stage]:
    return [msgspec.json.decode(line, type=Stage) for line in file.read_bytes().splitlines()]


def _has_ended(file: Path, stage: str) -> bool:
    return file.exists() and any(one.stage == stage for one in _stages(file))


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


async def explained(history: History) -> list[IntentInventory]:
    """Return the balances that the desk of an empty history has read."""
    await history.open(Run(run_id="reading", mode="SANDBOX", account=ACCOUNT, started_ns=time.time_ns()))
    found = await history.last_explained()
    await history.close(time.time_ns())
    return list(found)


class Turns:
    """Starts of one engine. ``store`` and ``history`` are those of the full history in ``directory``."""

    def __init__(self, engine: str, directory: Path, url: str, empty_url: str) -> None:
        self._engine = engine
        self._directory = directory
        self._urls = url, empty_url
        self.store: Store = SqliteStore(directory / HISTORY_NAME) if engine == SQLITE else PostgresStore(url)

    def history(self, directory: Path, url: str) -> History:
        if self._engine == SQLITE:
            return SqliteHistory(directory / HISTORY_NAME)
        return PostgresHistory(url, Journal(directory / "history.journal"))

    async def fill(self, rows: int) -> None:
        """Make the full history, where it is not there yet."""
        if self._engine == SQLITE and (self._directory / HISTORY_NAME).exists():
            # It may be of an older schema.
            await explained(self.history(self._directory, ""))
            return
        since = time.perf_counter()
        await build(self.store, self.history(self._directory, self._urls[0]), rows)
        click.echo(f"{self._engine}: {rows:,} rows made in {time.perf_counter() - since:.0f} s", err=True)

    async def turn(self, quotes: int) -> list[StartRow]:
        """Start a desk with an empty history, then one with the full one of which so many quotes are live."""
        venue = await start_venue(rate=0, other_pairs=0)
        try:
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                folder = Path(name)
                empty = await start(venue, folder, self._engine, self._urls[1], EMPTY)
                balances = await explained(self.history(folder, self._urls[1]))
            await forget_later_runs(self.store)
            now_ns = time.time_ns()
            shown = [msgspec.structs.replace(one, at_ns=now_ns) for one in balances]
            await write_live(self.store, shown, quotes, now_ns)
            full = await start(venue, self._directory, self._engine, self._urls[0], FULL)
        finally:
            await venue.stop()
        return [empty, full]


def median(rows: Sequence[StartRow]) -> StartRow:
    """Return the median of each stage over several starts of one subject; the rest is that of the last."""
    stages = [
        Stage(
            stage=ends[0].stage,
            wall_s=statistics.median(one.wall_s for one in ends),
            cpu_s=statistics.median(one.cpu_s for one in ends),
        )
        for ends in zip(*(row.stages for row in rows), strict=True)
    ]
    return msgspec.structs.replace(rows[-1], stages=stages)


async def measure(engine: str, rows: int, quotes: int, times: int, into: Path | None) -> list[StartRow]:
    """Start everything so many times in turns, so that all meet the same load; the medians."""
    async with contextlib.AsyncExitStack() as stack:
        folder = into or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        urls = ["", ""]
        if engine == POSTGRES:
            server = os.environ.get("POSTGRES_TEST_URL") or stack.enter_context(Server(settings=DURABLE)).url()
            urls = [await stack.enter_async_context(_database(server, f"bench_start_{n}")) for n in range(2)]
        turns = Turns(engine, folder, *urls)
        await turns.fill(rows)
        found = [[libraries(), *await turns.turn(quotes)] for _ in range(times)]
    return [median(of_one) for of_one in zip(*found, strict=True)]


@contextlib.asynccontextmanager
async def _database(server: str, name: str) -> AsyncIterator[str]:
    yield await create_database(server, name)
    await drop_database(server, name)


def as_text(rows: Sequence[StartRow]) -> str:
    """Return a table for each subject: the end of each stage, and what it took itself."""
    lines = []
    for row in rows:
        about = f", {row.restored:,} quotes restored, {row.rss_mb:.0f} MB" if row.engine else ""
        lines.append(f"{row.engine} {row.subject}{about}".strip())
        lines.append(f"  {'stage':16} {'wall s':>8} {'CPU s':>8} {'of it wall':>11} {'of it CPU':>10}")
        before = Stage(stage="", wall_s=0, cpu_s=0)
        for one in row.stages:
            of_it = f"{one.wall_s - before.wall_s:11.3f} {one.cpu_s - before.cpu_s:10.3f}"
            lines.append(f"  {one.stage:16} {one.wall_s:8.3f} {one.cpu_s:8.3f} {of_it}")
            before = one
        if row.blocked:
            lines.append(f"  not armed yet: {row.blocked}")
    return "\n".join(lines)


@click.command()
@click.option("--rows", default=10_000_000, show_default=True, help="Rows of the full history.")
@click.option("--quotes", default=60_000, show_default=True, help="Live quotes of the run that broke off.")
@click.option("--engine", type=click.Choice([SQLITE, POSTGRES]), default=SQLITE, show_default=True)
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="Where SQLite's file is kept.")
@click.option("--times", default=3, show_default=True, help="Starts of each subject.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quick", is_flag=True, help="Only test that it works: few rows, one start.")
def main(rows: int, quotes: int, engine: str, into: Path | None, times: int, as_json: bool, quick: bool) -> None:
    """Measure how soon a desk is there after its last run broke off."""
    if quick:
        rows, quotes, times = min(rows, 2_000), min(quotes, 300), 1
    if into is not None:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The venue's traces of desks that were ended amid a question.
    logging.disable(logging.CRITICAL)
    found = uvloop.run(measure(engine, rows, quotes, times, into))
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found)))
        return
    click.echo(as_text(found))
    click.echo(f"aim: {LAST} within {AIM_S:g} s of wall time on an idle machine of two cores")


if __name__ == "__main__":
    main()
