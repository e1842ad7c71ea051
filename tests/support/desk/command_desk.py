"""A command handler with everything it moves."""

import asyncio

from cockpit.accounting.committed_limit import CommittedRule
from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.snapshot_stream import MadeSnapshot
from cockpit.desk.risk.arming import Arming
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.desk.risk.trading_state import TradingState
from cockpit.model.commands import Limits
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, OperatorAction
from cockpit.model.recorder import LateEvent
from storage.errors import HistoryError
from tests.support.cockpit.samples import snapshot
from tests.support.desk.builders import Clock
from venue.protocol.tokens import DEFAULT_TOKENS


async def made() -> MadeSnapshot:
    return MadeSnapshot(snapshot())


class Desk:
    """The handler, what it moves, and its journal; it is the recorder, too."""

    writable = complete = True
    problem = ""

    def __init__(self, limits: Limits | None = None, rule: CommittedRule | None = None) -> None:
        self.clock = Clock()
        self.journal: list[OperatorAction] = []
        self.blocked: tuple[str, ...] = ()
        self.refused: str | None = None
        self.refreshed = 0
        self.stopped = 0
        self.in_force: list[Limits] = []
        self.flushed: list[Limits] = []
        self.flushing = asyncio.Event()
        self.flushing.set()
        self.lost = False
        self.arming = Arming()
        self.limits = LimitsInForce(limits or Limits(), rule=rule, on_change=self.in_force.append)
        ids = iter(range(10**6))
        env = Environment(wall_ns=self.clock, monotonic_ns=self.clock, new_id=lambda: f"made-{next(ids)}")
        self.trading = TradingState(self.limits, DEFAULT_TOKENS, env)
        self.control = CommandHandler(
            CommandJournal(env, self),
            self.arming,
            self.limits,
            self.trading,
            blocked=lambda part: self.blocked,
            refreshers={"inventory-sync": self.refresh},
            start_hard_stop=lambda: 0,
            shutdown=self.stop,
        )

    def record(self, event: AnyEvent) -> None:
        assert isinstance(event, OperatorAction)
        self.journal.append(event)

    def record_late(self, event: LateEvent[AnyEvent]) -> None:
        raise AssertionError(f"no command records {event.name}")

    async def refresh(self) -> str | None:
        """Read something, or fail to."""
        self.refreshed += 1
        return self.refused

    async def flush(self) -> None:
        """Wait until the history may go on, and note what was in force then."""
        await self.flushing.wait()
        self.flushed.append(self.limits.current)
        if self.lost:
            raise HistoryError("the disk is full")

    def stop(self) -> None:
        self.stopped += 1

    def outcomes(self) -> list[tuple[str, bool]]:
        return [(action.command, action.accepted) for action in self.journal]
