"""Writes numbered batches to a history until it is killed, printing each number once the batch is durable."""

import asyncio
import sys
from pathlib import Path

from storage.history import History
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts

SIZE = 200


async def main(history: History) -> None:
    await history.open(facts.run())
    for batch in range(1_000_000):
        numbers = range(batch * SIZE, (batch + 1) * SIZE)
        await history.write([event for n in numbers for event in (facts.demand(n), facts.decision(n))])
        sys.stdout.write(f"{batch}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    path = Path(sys.argv[1])
    asyncio.run(main(PostgresHistory(sys.argv[2], Journal(path)) if len(sys.argv) > 2 else SqliteHistory(path)))
