"""A chain, a history and runs of a desk one after the other, for single steps of a restart."""

from storage.history import PreviousRun
from tests.support.amounts import btc_eure
from tests.support.desk.builders import Clock
from tests.support.desk.chain import Chain
from tests.support.desk.restart_harness import DeskRun, MemoryHistory
from venue.protocol.amounts import TokenAmounts


def unexplained(run: DeskRun) -> tuple[TokenAmounts, TokenAmounts]:
    """What of the opening balances, and of the last ones, nothing explains."""
    return run.inventory.ledger.unexplained_opening, run.inventory.ledger.unexplained


class World:
    """A chain, a history, and the current run."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.chain = Chain(self.clock)
        self.chain.head.balances = btc_eure(10**9, 10**9)
        self.history = MemoryHistory()
        self.runs = 0
        self.run: DeskRun

    async def start(self, previous: PreviousRun | None = None) -> DeskRun:
        self.runs += 1
        self.run = DeskRun(self.clock, self.chain, self.history, self.runs)
        await self.run.start(previous)
        return self.run

    async def restart(self, *, clean: bool = False) -> DeskRun:
        self.clock.pass_ms(10)
        return await self.start(self.run.end(clean=clean))

    async def read(self) -> str | None:
        self.clock.pass_ms(1)
        return await self.run.inventory.sync("poll")
