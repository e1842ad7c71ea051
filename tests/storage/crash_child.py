"""Writes numbered batches to a history until it is killed, saying each number once the batch is durable."""

import asyncio
import sys
from pathlib import Path

from storage.sqlite import SqliteHistory
from tests.storage import facts

SIZE = 200


async def main(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    for batch in range(1_000_000):
        numbers = range(batch * SIZE, (batch + 1) * SIZE)
        await history.write([event for n in numbers for event in (facts.demand(n), facts.decision(n))])
        sys.stdout.write(f"{batch}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
