"""Finds what explains a reading of the balances: amounts first, then the nonces of the few quotes that fit.

Anybody can cause an unexplained difference with one base unit, so what it costs has a bound: so many nonces a reading,
the rest at later readings, and no long work without a stop. A node's word that a nonce is used is taken where the
balances do not contradict it and a second node, where there is one, agrees.
"""

from collections.abc import Collection, Sequence
from contextlib import suppress

import msgspec

from cockpit.desk.inventory.balance_reader import BalanceReader, Reading
from cockpit.desk.inventory.movements import SLICE, Movement, Steps, T, believing, giving, total
from cockpit.desk.inventory.reconciliation import BalanceLedger, movement
from cockpit.desk.inventory.suspects import suspects, targets
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.quote import Quote
from cockpit.model.environment import Environment
from cockpit.model.giving_way import give_way
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.transport.errors import VenueError

NONCES_A_READING = 32
"""A live node answers eight at a time within a tenth of a second; those called used are asked of the others, too."""
MOST_REMEMBERED = 100_000
"""Answers kept; those of quotes that are over go first."""


class KnownFlows(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside quotes. ``sure``: it is in the reading. ``withdrawn``: it left by then, and may be back.

    ``possible``: it may be in the reading, or come later. ``recorded``: fills of earlier runs that it may be the first
    to show.
    """

    sure: Sequence[Movement] = ()
    withdrawn: Sequence[Movement] = ()
    possible: Sequence[Movement] = ()
    recorded: Sequence[Movement] = ()


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """The newest reading and what explains it; ``found`` is None while something is unexplained that is not recorded.

    ``stale``: a node answered with an older block than before.
    """

    reading: Reading
    found: tuple[Movement, ...] | None = None
    stale: bool = False


async def paced(steps: Steps[T]) -> T:
    """Do the work in slices, so that requests are answered in between."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
        await give_way()


class Explainer:
    """``explain`` comes once a reading, ``conclude`` after it was booked, ``search_on`` at the end."""

    def __init__(self, ledger: BalanceLedger, reader: BalanceReader, book: QuoteBook, env: Environment) -> None:
        self._ledger = ledger
        self._reader = reader
        self._book = book
        self._wall_ns = env.wall_ns
        self._left = NOTHING
        self._since_height = 0
        self._since_ns = 0
        self._complete = True
        self._used: dict[str, int] = {}
        self._used_by_one: dict[str, int] = {}
        self._unused: dict[str, int] = {}
        self._missing: set[str] = set()
        self._last_asked_ns = 0
        self._budget = 0

    async def explain(self, reading: Reading, flows: KnownFlows) -> Explanation:
        """Find what explains the reading. Raises VenueError when what has to be asked cannot be read."""
        self._budget = NONCES_A_READING
        self._used_by_one.clear()
        # Asked for after the reading: a claim that came while it was under way may be in it.
        settling = self._book.settling()
        claimed = await paced(_movements(settling))
        found = await self._try(reading, flows, [*claimed, *flows.possible])
        if found is not None:
            if self._ledger.recorded_difference and total(found) != self._ledger.difference(reading):
                # Before they are released: nothing else could explain what is recorded once they are over.
                found = await self._beside_past_deadline(reading, flows) or found
            return Explanation(reading=reading, found=found)
        used = await self._ask_quotes(reading, flows, settling)
        if used:
            again = await self._reader.read()
            if again.height < reading.height:
                return Explanation(reading=again, stale=True)
            reading = again
        # A status that came meanwhile may be in it, whatever its nonce was before it came.
        before = {one.quote_hash for one in settling}
        came = [one for one in self._book.settling() if one.quote_hash not in before]
        if used or came:
            unasked = [one for one in claimed if one.key not in self._unused]
            found = await self._try(reading, flows, [*unasked, *(await paced(_movements(came))), *flows.possible])
        if found is None and flows.recorded:
            found = await self._try(reading, flows, [*claimed, *flows.possible, *flows.recorded])
        if found is None:
            found = await self._beside_burning(reading, flows)
        if found is None:
            found = await self._beside_past_deadline(reading, flows)
        if found is None:
            found = await self._repeated(reading, flows)
        return Explanation(reading=reading, found=found)

    def conclude(self, reading: Reading) -> None:
        """Take note of what the reading left unexplained, once what explains it was booked."""
        if self._ledger.unexplained != self._left:
            self._left = self._ledger.unexplained
            self._since_height, self._since_ns = reading.height, self._wall_ns()
            self._complete = not self._left
        if not self._left:
            self._unused.clear()
        if len(self._unused) > MOST_REMEMBERED:
            self._unused = {name: height for name, height in self._unused.items() if self._is_open(name)}
        self._used = {name: height for name, height in self._used.items() if self._is_open(name)}
        self._missing &= self._used.keys()

    async def search_on(self, reading: Reading) -> None:
        """Ask for more nonces, where a recorded difference came before all quotes were asked that may be in it."""
        if not self._complete:
            with suppress(VenueError):
                await self._ask_quotes(reading, KnownFlows(), self._book.settling())

    async def _try(
        self, reading: Reading, flows: KnownFlows, candidates: Sequence[Movement]
    ) -> tuple[Movement, ...] | None:
        kept, doubted = await self._proven(reading, flows)
        sure = [*flows.sure, *kept]
        keys = {one.key for one in kept}
        others = [*doubted, *(one for one in candidates if one.key not in keys)]
        steps = self._ledger.explaining(reading, sure, others, withdrawn=flows.withdrawn, flows=flows.sure)
        return await paced(steps)

    async def _proven(self, reading: Reading, flows: KnownFlows) -> tuple[list[Movement], list[Movement]]:
        """Return the fills of quotes with a used nonce: those to take out first, and those that are in doubt.

        Money that came from elsewhere would hide that one node alone lies, so two have to show the nonce used.
        """
        used = [
            movement(quote.commitment)
            for name, height in (*self._used.items(), *self._used_by_one.items())
            if height <= reading.height
            and (quote := self._book.get(name)) is not None
            and (quote.state != "burning" or name in self._missing)
        ]
        if not used:
            return [], []
        known = self._ledger.recorded_difference if self._complete else NOTHING
        change = self._ledger.difference(reading) - known
        # What is sure by now may be a part of the recorded difference.
        known_used = [one for one in used if one.key in self._used]
        shown = await paced(believing(change, flows.sure))
        kept = await paced(believing(change - total(shown), known_used))
        keys = {one.key for one in kept}
        return kept, [one for one in used if one.key not in keys]

    async def _ask_quotes(self, reading: Reading, flows: KnownFlows, settling: Sequence[Commitment]) -> bool:
        """Ask for nonces within the bound; return whether one is used that was not known to be."""
        if self._budget <= 0:
            return False
        same = self._ledger.difference(reading) == self._left
        now = self._wall_ns()
        since_height = min(self._since_height, reading.height) if same else reading.height
        since_ns = self._since_ns if same else now
        burning = {quote.commitment.quote_hash for quote in self._book.burning()}

        def to_ask(one: Commitment) -> bool:
            # What was signed since the difference is there has nothing to do with it.
            name, later = one.quote_hash, since_ns < one.sent_ns <= now
            return (
                not later and self._unused.get(name, -1) < since_height and not (name in self._used or name in burning)
            )

        found = await paced(
            suspects(
                self._wanted(reading, flows),
                tuple(self._book.reservations.signed()),
                claimed=frozenset(one.quote_hash for one in settling),
                most=self._budget,
                after_ns=self._last_asked_ns,
                to_ask=to_ask,
            )
        )
        if not found.all:
            self._complete = self._complete or same
            return False
        if found.in_turn:
            self._last_asked_ns = found.in_turn[-1].sent_ns
        return await self._ask(found.all)

    async def _ask(self, quotes: Sequence[Commitment]) -> bool:
        self._budget -= len(quotes)
        states = await self._reader.nonces(quotes)
        used = {name: state.block_height for name, state in states.items() if state.used}
        self._unused |= {name: state.block_height for name, state in states.items() if not state.used}
        if not used:
            return False
        confirmed = await self._reader.confirmed_nonces(one for one in quotes if one.quote_hash in used)
        self._used |= {name: height for name, height in used.items() if name in confirmed}
        self._used_by_one |= {name: height for name, height in used.items() if name not in confirmed}
        return True

    def _wanted(self, reading: Reading, flows: KnownFlows) -> tuple[TokenAmounts, ...]:
        difference, recorded = self._ledger.difference(reading), self._ledger.recorded_difference
        change = difference - total(flows.sure)
        changes = dict.fromkeys((change, change - recorded, difference - recorded))
        return targets(changes, (*flows.withdrawn, *flows.possible))

    async def _beside_burning(self, reading: Reading, flows: KnownFlows) -> tuple[Movement, ...] | None:
        """What explains the change with fills of quotes that were settled while they were being burned.

        Those with a used nonce first: of many candidates not all sums can be tried.
        """
        burning = self._book.burning()
        if not burning:
            return None
        await self._ask_burning(reading, flows, burning)
        taken = [quote for quote in burning if quote.used_height is not None and not quote.burn_reported]
        not_reported = [quote for quote in burning if not quote.burn_reported]
        tried: list[Quote] = []
        for some in (taken, not_reported, burning):
            # With burnings that the relay reports only in the end: it may be wrong about them.
            if some and len(some) != len(tried):
                tried = list(some)
                fills = await paced(_movements([quote.commitment for quote in tried]))
                found = await self._try(reading, flows, [*fills, *flows.possible])
                if found is not None:
                    return found
        return None

    async def _ask_burning(self, reading: Reading, flows: KnownFlows, burning: Sequence[Quote]) -> None:
        unknown = {quote.commitment.quote_hash for quote in burning if quote.used_height is None}
        found = await paced(
            suspects(
                self._wanted(reading, flows),
                [quote.commitment for quote in burning],
                claimed=frozenset(),
                most=self._budget,
                after_ns=self._last_asked_ns,
                to_ask=lambda one: one.quote_hash in unknown,
            )
        )
        if found.all:
            self._budget -= len(found.all)
            for name, state in (await self._reader.nonces(found.all)).items():
                if state.used:
                    self._book.nonce_used(name, state.block_height)

    async def _beside_past_deadline(self, reading: Reading, flows: KnownFlows) -> tuple[Movement, ...] | None:
        """What explains the change with quotes past their deadline: the contract clears expired nonces, so that an
        unused one does not show that the quote was never settled."""
        past = await paced(_past(tuple(self._book.reservations.signed()), self._wall_ns(), self._used.keys()))
        if not past:
            return None
        return await self._try(reading, flows, [*(await paced(_movements(past))), *flows.possible])

    async def _repeated(self, reading: Reading, flows: KnownFlows) -> tuple[Movement, ...] | None:
        """Return what is known, once the same difference was left beside it twice."""
        proven, _ = await self._proven(reading, flows)
        known = [*flows.sure, *flows.withdrawn, *proven]
        since = self._ledger.difference(reading) - self._ledger.recorded_difference
        burned = [
            quote.commitment
            for quote in self._book.burning()
            if quote.commitment.quote_hash not in self._missing
            and quote.used_height is not None
            and quote.used_height <= reading.height
            and not quote.burn_reported
        ]
        burning = await paced(_movements(burned))
        # What is sure may be a part of the recorded difference, or new.
        fills = await paced(giving(since - total(proven), burning))
        fills = fills or await paced(giving(since - total(known), burning))
        # Once what a quote gives was missing, nothing that comes later can hide its fill.
        self._missing |= {one.key for one in fills}
        self._used |= {one.key: reading.height for one in fills}
        return self._ledger.explain_repeated(reading, [*known, *fills])

    def _is_open(self, name: str) -> bool:
        return self._book.reservations.is_signed(name)


def _past(signed: Sequence[Commitment], now_ns: int, used: Collection[str]) -> Steps[list[Commitment]]:
    found = []
    for number, one in enumerate(signed):
        if number % SLICE == SLICE - 1:
            yield
        if one.deadline_ns <= now_ns and one.quote_hash not in used:
            found.append(one)
    return found


def _movements(commitments: Sequence[Commitment]) -> Steps[list[Movement]]:
    found = []
    for number, one in enumerate(commitments):
        if number % SLICE == SLICE - 1:
            yield
        found.append(movement(one))
    return found
