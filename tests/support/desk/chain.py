"""A chain with one account on it: balances, nonces and blocks, read by plain objects in the clients' place."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from cockpit.config.settings import load
from cockpit.desk.funding.deposits import CERTAIN_NS
from cockpit.desk.inventory.balance_reader import BalanceReader
from cockpit.desk.inventory.movements import Movement
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.inventory.startup_reconciliation import StartupReconciliation
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, IntentInventory, LiquidityAction, TradeResult
from storage.sqlite.history import SqliteHistory
from tests.support.amounts import btc_eure
from tests.support.desk.builders import Clock, commitment
from tests.support.recorder import MemoryRecorder
from tests.support.settings import loopback
from venue.near.blocks import Block
from venue.near.rpc import Finality, NearRpc
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S
from venue.relay.messages import QuoteStatus
from venue.transport.errors import UnreachableError
from venue.verifier import Balances, NonceState, Verifier

OPENING = btc_eure(10**8, 50_000)


class State:
    """The chain at one height."""

    def __init__(self, height: int, at_ns: int, balances: TokenAmounts, used: frozenset[str]) -> None:
        self.height, self.at_ns, self.balances, self.used = height, at_ns, balances, used


class Chain:
    """Every state there was; ``behind``: how many blocks the node lags."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.states = [State(1_000, clock(), OPENING, frozenset())]
        self.behind = 0
        self.down: set[str] = set()
        self.dead_salts: set[bytes] = set()
        self.asked_nonces: list[str] = []
        self.said_used: set[str] = set()
        """Nonces that the node calls used, whatever they are; a second node tells the truth."""
        self.plausible_ahead = 100
        self.before_balances: Callable[[], None] = lambda: None
        self.before_nonces: Callable[[], None] = lambda: None

    @property
    def head(self) -> State:
        return self.states[-1]

    def is_plausible(self, height: int) -> bool:
        return height <= self.head.height + self.plausible_ahead

    @property
    def seen(self) -> State:
        return self.states[max(0, len(self.states) - 1 - self.behind)]

    def advance(
        self, base: int = 0, quote: int = 0, nonce: str | None = None, *, moved: TokenAmounts = NOTHING
    ) -> None:
        """Add a block, with a change of the balances."""
        head = self.head
        balances = head.balances + btc_eure(base, quote) + moved
        used = head.used if nonce is None else head.used | {nonce}
        self.states.append(State(head.height + 1, self.clock(), balances, used))

    def settle(self, made: Commitment) -> None:
        self.advance(nonce=made.nonce, moved=movement(made).amounts)


class ChainVerifier(Verifier):
    """The Verifier's views of the chain."""

    @property
    def witnesses(self) -> tuple[Verifier, ...]:
        return (self, ChainVerifier(self._chain, honest=True)) if self._chain.said_used else (self,)

    def __init__(self, chain: Chain, *, honest: bool = False) -> None:
        self._chain = chain
        self._honest = honest

    async def balances(self, account: str, token_ids: Sequence[str], *, finality: Finality = "optimistic") -> Balances:
        hook, self._chain.before_balances = self._chain.before_balances, lambda: None
        hook()
        if "balances" in self._chain.down:
            raise UnreachableError("the node does not answer")
        seen = self._chain.seen
        return Balances(tuple(seen.balances[token_id] for token_id in token_ids), seen.height)

    async def nonce(self, account: str, nonce_b64: str, *, finality: Finality = "optimistic") -> NonceState:
        hook, self._chain.before_nonces = self._chain.before_nonces, lambda: None
        hook()
        self._chain.asked_nonces.append(nonce_b64)
        if "nonces" in self._chain.down:
            raise UnreachableError("the node does not answer")
        seen = self._chain.seen
        said_used = not self._honest and nonce_b64 in self._chain.said_used
        return NonceState(said_used or nonce_b64 in seen.used, seen.height)

    async def is_valid_salt(self, salt: bytes, *, finality: Finality = "optimistic") -> bool:
        if "salts" in self._chain.down:
            raise UnreachableError("the node does not answer")
        return salt not in self._chain.dead_salts


class ChainRpc(NearRpc):
    """The chain's blocks."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    async def block(self, finality: Finality = "final") -> Block:
        if "block" in self._chain.down:
            raise UnreachableError("the node does not answer")
        seen = self._chain.seen
        return Block(seen.height, f"block-{seen.height}", seen.at_ns)


class NoWithdrawals:
    """An account without withdrawals."""

    def movements(self) -> Sequence[Movement]:
        return ()

    def certain(self, height: int) -> Sequence[Movement]:
        return ()

    def moved_since(self, at_ns: int, height: int | None) -> Sequence[Movement]:
        return ()

    def left_by(self) -> Sequence[int]:
        return ()

    def on_opened(self, candidates: Collection[str], found: Collection[str], unexplained: TokenAmounts) -> None:
        return

    def on_booked(self, key: str) -> None:
        return

    def on_explained(self, opening_height: int, asked_ns: int, unexplained: TokenAmounts) -> None:
        return


class Listed:
    """The deposits that a bridge lists as credited, as a test has them."""

    def __init__(self, clock: Clock, listed: Callable[[], Sequence[Movement] | None]) -> None:
        self._clock, self._listed = clock, listed
        self._credited_ns: dict[str, int] = {}

    def movements(self) -> Sequence[Movement] | None:
        found = self._listed()
        for one in found or ():
            self._credited_ns.setdefault(one.key, self._clock())
        return found

    def certain(self, requested_ns: int) -> set[str]:
        return {key for key, at_ns in self._credited_ns.items() if at_ns + CERTAIN_NS <= requested_ns}


class NoTransactions:
    """A relay that knows no transaction."""

    async def transaction_of(self, intent_hash: str) -> str | None:
        return None


class InventoryHarness:
    """An inventory over the chain, with its book, its records and a bridge's list of deposits."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.chain = Chain(self.clock)
        self.results: list[TradeResult] = []
        self.recorded: list[AnyEvent] = []
        self.listed: Sequence[Movement] | None = []
        self.reservations = Reservations(DEFAULT_TOKENS)
        env = Environment(wall_ns=self.clock)
        self.book = QuoteBook(self.reservations, env=env, recorder=MemoryRecorder(self.results))
        withdrawals = NoWithdrawals()
        reader = BalanceReader("maker.near", DEFAULT_TOKENS, ChainVerifier(self.chain), env)
        startup = StartupReconciliation(
            load(None, loopback()),
            DEFAULT_TOKENS,
            self.book,
            reader,
            SqliteHistory(Path("unused")),
            withdrawals=withdrawals,
            relay=NoTransactions(),
            env=env,
            recorder=MemoryRecorder(),
            is_plausible=self.chain.is_plausible,
            run_id="run",
        )
        self.inventory = Inventory(
            DEFAULT_TOKENS,
            reader,
            ChainRpc(self.chain),
            self.book,
            poll_s=5.0,
            deposits=Listed(self.clock, lambda: self.listed),
            withdrawals=withdrawals,
            previous_run=startup,
            requested=asyncio.Event(),
            on_unexplained=lambda: None,
            is_plausible=self.chain.is_plausible,
            env=env,
            recorder=MemoryRecorder(self.recorded),
        )
        self._sent = 0

    @property
    def rows(self) -> list[IntentInventory]:
        """The recorded balances."""
        return [event for event in self.recorded if isinstance(event, IntentInventory)]

    def bookings(self) -> list[LiquidityAction]:
        """Return what was recorded of deposits in the balances."""
        return [event for event in self.recorded if isinstance(event, LiquidityAction)]

    def send(
        self, *, amount_in: int = 100, amount_out: int = 1_000, life_ms: int = 60_000, nonce: str | None = None
    ) -> Commitment:
        """A quote that buys BTC, accepted by the relay."""
        self._sent += 1
        made = commitment(
            str(self._sent),
            amount_in=amount_in,
            amount_out=amount_out,
            sent_ns=self.clock(),
            life_ms=life_ms,
            nonce=nonce,
        )
        balance = self.inventory.ledger.balance
        self.reservations.reserve(made, balance[EURE.token_id] if balance else 0)
        self.book.sent(made, self._sent)
        self.book.on_answer(self._sent, None)
        return made

    def claim(self, made: Commitment) -> None:
        self.book.on_status(QuoteStatus(made.quote_hash, "intent", "tx"))

    def expire(self, made: Commitment) -> None:
        """Let the quote's deadline and margin pass, without a block."""
        self.clock.now_ns = made.released_after_ns
        self.book.tick(self.clock())

    def block_after(self, seconds: int = 1) -> None:
        """Add a later block in which nothing happens to the account."""
        self.clock.now_ns += seconds * NS_PER_S
        self.chain.advance()

    def outcomes(self) -> list[tuple[str, str]]:
        """Return quote and outcome, in order, without acceptances."""
        return [(one.quote_hash, one.outcome) for one in self.results if one.outcome not in ("accepted", "unknown")]
