"""What PostgreSQL's checks cost the writing of rows, and what foreign keys would.

``python -m bench.constraints [--rows 40000] [--repetitions 5]``; run from the repository's root. The desk's engine
writes the same batches into databases without checks, with them, and with foreign keys as well, in turn, on a server
of its own. Compared is the server's CPU time a row, which does not depend on what else the machine does.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import click

from bench.history import START_NS, batches
from cockpit.model.events import AnyEvent
from storage.catalogue import catalogue
from storage.history import Run
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from tests.support.history.engines import create_database, drop_database
from tests.support.history.postgres_server import DURABLE, Server

_NO_CHECKS = "".join(f"ALTER TABLE {one.table} DROP CONSTRAINT {one.name};" for one in catalogue.checks())
_KEYS = "".join(
    f"ALTER TABLE {table} ADD FOREIGN KEY ({columns}) REFERENCES {target};"
    for table, columns, target in (
        ("swap_demand_events", "run_id", "runs (run_id)"),
        ("trade_decisions", "run_id", "runs (run_id)"),
        ("trade_decisions", "run_id, quote_id", "swap_demand_events (run_id, quote_id)"),
    )
)
VARIANTS = {"without checks": _NO_CHECKS, "checks": "", "checks and foreign keys": _KEYS}


async def cpu_a_row(server: str, name: str, script: str, every: Sequence[list[AnyEvent]]) -> float:
    """Measure the µs of CPU that the server's process of the desk takes for a row."""
    url = await create_database(server, name)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        history = PostgresHistory(url, Journal(Path(folder) / "journal"), write_s=60.0)
        await history.open(Run(run_id="run", mode="SANDBOX", account="bench.near", started_ns=START_NS))
        db = await asyncpg.connect(url)
        if script:
            await db.execute(script)
        of_desk = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() AND pid IS NOT NULL"
        pid = await db.fetchval(f"{of_desk} AND backend_type = 'client backend'", name)
        await db.close()
        before = _cpu_us(pid)
        for batch in every:
            await history.write(batch)
        took = _cpu_us(pid) - before
        assert not history.health().problem
        await history.close(START_NS)
    await drop_database(server, name)
    return took / sum(map(len, every))


def _cpu_us(pid: int) -> float:
    """The nanoseconds that the scheduler counted, of this process alone."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("utf-8").split()[0]) / 1_000


async def compare(rows: int, repetitions: int) -> None:
    """Print the median of each variant beside that without checks."""
    every = batches(rows)
    found: dict[str, list[float]] = {}
    with Server(settings=DURABLE) as server:
        for turn in range(repetitions):
            for place, (variant, script) in enumerate(VARIANTS.items()):
                took = await cpu_a_row(server.url(), f"bench_{turn}_{place}", script, every)
                found.setdefault(variant, []).append(took)
    base = found["without checks"]
    for variant, times in found.items():
        ratio = statistics.median(one / other for one, other in zip(times, base, strict=True))
        click.echo(f"{variant:26} {statistics.median(times):8.2f} µs a row {ratio:6.2f}")


@click.command()
@click.option("--rows", default=40_000, show_default=True, help="Rows of one turn.")
@click.option("--repetitions", default=5, show_default=True, help="Turns of each variant.")
def main(rows: int, repetitions: int) -> None:
    """Compare the server's CPU time a row without checks, with them, and with foreign keys."""
    asyncio.run(compare(rows, repetitions))


if __name__ == "__main__":
    main()
