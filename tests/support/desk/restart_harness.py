"""Runs of a desk's books on one chain and one history, each of which may end at any moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from cockpit.config.settings import load
from cockpit.desk.inventory.balance_reader import BalanceReader
from cockpit.desk.inventory.movements import Movement
from cockpit.desk.inventory.startup_reconciliation import StartupReconciliation
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.refusals import GONE
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, ExecuteTrade, IntentInventory, LiquidityAction, OperatorAction, TradeResult
from storage.history import ACCOUNTED, FINAL_OUTCOMES, UNEXPLAINED, PreviousRun, RecordedQuote
from storage.reads import last_complete
from storage.sqlite.history import SqliteHistory
from tests.support.desk.builders import Clock, commitment
from tests.support.desk.chain import Chain, ChainRpc, ChainVerifier, Listed, NoWithdrawals
from tests.support.recorder import MemoryRecorder
from tests.support.settings import loopback
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS
from venue.transport.errors import UnreachableError


class MemoryHistory(SqliteHistory):
    """What a history answers, from a list of events: the first of each fact counts, as its keys have it."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def outcomes(self, quote_hash: str) -> set[str]:
        found = (e for e in self.events if isinstance(e, TradeResult) and e.quote_hash == quote_hash)
        return {event.outcome for event in found}

    def _recorded(self, command: ExecuteTrade) -> RecordedQuote:
        return RecordedQuote(command=command, edge=1, outcomes=tuple(self.outcomes(command.quote_hash)))

    async def open_quotes(self) -> AsyncIterator[tuple[RecordedQuote, ...]]:
        readings = [event for event in self.events if isinstance(event, IntentInventory)]
        over_ns = (readings[-1].over_before_ns if readings else None) or 0
        commands = [e for e in self.events if isinstance(e, ExecuteTrade) and e.deadline_ns >= over_ns]
        yield tuple(self._recorded(c) for c in commands if not self.outcomes(c.quote_hash) & {*FINAL_OUTCOMES})

    async def settled_since(self, at_ns: int) -> tuple[RecordedQuote, ...]:
        late = {
            e.quote_hash
            for e in self.events
            if isinstance(e, TradeResult) and e.outcome == "settled" and e.at_ns >= at_ns
        }
        return tuple(self._recorded(e) for e in self.events if isinstance(e, ExecuteTrade) and e.quote_hash in late)

    async def last_explained(self) -> tuple[IntentInventory, ...]:
        rows = [e for e in self.events if isinstance(e, IntentInventory) and e.cause != UNEXPLAINED]
        return last_complete([("", *msgspec.structs.astuple(row)) for row in reversed(rows)])

    async def last_height(self) -> int | None:
        heights = [event.block_height for event in self.events if isinstance(event, IntentInventory)]
        return heights[-1] if heights else None

    async def liquidity(self, kind: str) -> tuple[LiquidityAction, ...]:
        return tuple(e for e in self.events if isinstance(e, LiquidityAction) and e.kind == kind)

    async def last_arguments(self, command: str) -> str | None:
        found = [e for e in self.events if isinstance(e, OperatorAction) and e.command == command and e.accepted]
        return found[-1].arguments if found else None

    def accounted(self) -> int:
        return sum(isinstance(e, OperatorAction) and e.command == ACCOUNTED for e in self.events)


class EarlierFlows(NoWithdrawals):
    """Movements of withdrawals of earlier runs, as a test lists them."""

    def __init__(self, flows: list[Movement]) -> None:
        self._flows = flows
        self.blocks_left: list[int] = []

    def moved_since(self, at_ns: int, height: int | None) -> Sequence[Movement]:
        return self._flows

    def left_by(self) -> Sequence[int]:
        return self.blocks_left


class DeskRun:
    """One run: books, inventory, and what it found of the previous ones. ``volatile`` events are lost with it."""

    def __init__(self, clock: Clock, chain: Chain, history: MemoryHistory, number: int) -> None:
        self.clock, self.chain, self.history = clock, chain, history
        self.volatile: list[AnyEvent] = []
        self.listed: Sequence[Movement] | None = []
        self.flows: list[Movement] = []
        self.transactions: dict[str, str] = {}
        self.requests: dict[str, int] = {}
        env, recorder = Environment(wall_ns=clock), MemoryRecorder(self.volatile)
        self.book = QuoteBook(Reservations(DEFAULT_TOKENS), env=env, recorder=recorder)
        withdrawals = self.withdrawals = EarlierFlows(self.flows)
        reader = BalanceReader("maker.near", DEFAULT_TOKENS, ChainVerifier(chain), env)
        settings = load(None, loopback(QUOTE_DEATH_MARGIN_MS="0", QUOTE_MAX_DEADLINE_MS="60000"))
        self.startup = StartupReconciliation(
            settings,
            DEFAULT_TOKENS,
            self.book,
            reader,
            history,
            withdrawals=withdrawals,
            relay=self,
            env=env,
            recorder=recorder,
            is_plausible=chain.is_plausible,
            run_id=f"run-{number}",
        )
        self.inventory = Inventory(
            DEFAULT_TOKENS,
            reader,
            ChainRpc(chain),
            self.book,
            poll_s=5.0,
            deposits=Listed(clock, lambda: self.listed),
            withdrawals=withdrawals,
            previous_run=self.startup,
            requested=asyncio.Event(),
            on_unexplained=lambda: None,
            is_plausible=chain.is_plausible,
            env=env,
            recorder=recorder,
        )
        self.number = number

    async def transaction_of(self, quote_hash: str) -> str | None:
        if self.chain.down:
            raise UnreachableError("the relay does not answer")
        return self.transactions.get(quote_hash)

    async def start(self, previous: PreviousRun | None) -> None:
        await self.startup.load(previous)

    def send(
        self,
        name: str,
        *,
        amount_in: int,
        amount_out: int,
        life_ms: int = 60_000,
        nonce: Callable[[int], str] | None = None,
    ) -> Commitment:
        """Sign and write a quote that buys BTC; it is on record at once. ``nonce`` makes one for a deadline (ns)."""
        made = commitment(
            name,
            amount_in=amount_in,
            amount_out=amount_out,
            sent_ns=self.clock(),
            life_ms=life_ms,
            margin_ms=0,
            nonce=None if nonce is None else nonce(self.clock() + life_ms * NS_PER_MS),
        )
        self.book.reservations.restore(made)
        self.requests[made.quote_hash] = len(self.history.events) + 1
        self.book.sent(made, self.requests[made.quote_hash])
        self.history.events.append(
            ExecuteTrade(
                at_ns=made.sent_ns,
                command_id=made.command_id,
                decision_id=made.decision_id,
                quote_id=made.quote_id,
                quote_hash=made.quote_hash,
                nonce=made.nonce,
                deadline_ns=made.deadline_ns,
                asset_in=made.asset_in,
                asset_out=made.asset_out,
                amount_in=made.amount_in,
                amount_out=made.amount_out,
                reaction_ns=1,
            )
        )
        return made

    def refuse(self, made: Commitment) -> None:
        """Have the relay answer that it did not take the quote, though it keeps the signature."""
        self.book.on_answer(self.requests.get(made.quote_hash, 0), GONE)

    def flush(self, events: int | None = None) -> None:
        """Make the first so many events durable, or all."""
        count = len(self.volatile) if events is None else events
        self.history.events += self.volatile[:count]
        del self.volatile[:count]

    def end(self, *, clean: bool) -> PreviousRun:
        """Return what the next run learns of this one."""
        if clean:
            self.flush()
        return PreviousRun(
            run_id=f"run-{self.number}",
            clean=clean,
            last_deadline_ns=0,
            last_write_ns=self.clock(),
            max_deadline_ms=60_000,
        )

    def tick(self) -> None:
        self.book.tick(self.clock())
        self.startup.tick()


def results(history: MemoryHistory, outcome: str) -> list[str]:
    """Return the quotes with this outcome, once for every time it was recorded."""
    return [e.quote_hash for e in history.events if isinstance(e, TradeResult) and e.outcome == outcome]


__all__ = ["NS_PER_MS", "DeskRun", "MemoryHistory", "results"]
