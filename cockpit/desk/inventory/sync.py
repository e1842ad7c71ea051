"""Inventory sync: balances read from the Verifier, every change of them explained, fills confirmed by them.

A fill is booked when the balances show it, not when it is reported; a commitment is released when a block later than
its deadline shows that nothing happened.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Literal, Protocol

from cockpit.desk.inventory import startup_findings as findings
from cockpit.desk.inventory.balance_reader import BalanceReader, Reading
from cockpit.desk.inventory.bookings import Booking, booking
from cockpit.desk.inventory.explainer import Explainer, KnownFlows
from cockpit.desk.inventory.movements import Movement, without_returns
from cockpit.desk.inventory.reconciliation import BalanceLedger, OpeningBalances
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.environment import Environment
from cockpit.model.events import IntentInventory
from cockpit.model.formatting import counted
from cockpit.model.giving_way import give_way
from cockpit.model.recorder import Recorder
from venue.near.rpc import NearRpc
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import TokenTable
from venue.transport.errors import VenueError

log = logging.getLogger(__name__)

Cause = Literal["opening", "poll", "settlement", "refresh", "unexplained"]

SETTLE_S = 0.2
"""Settlements come in bursts; one reading serves those of a moment."""
RETRY_S = 1.0
CONFIRMED_AT_ONCE = 200
"""Nonces of quotes being burned that are asked about once more before a reading."""
TOLD_AFTER = 5
"""Readings in a row of older blocks: one node may lag behind another by a moment."""
EXPIRED_AT_ONCE = 20
"""Expired quotes released without a pause, some tenths of a millisecond."""


class KnownDeposits(Protocol):
    """The deposits of the account, as the bridge lists them."""

    def movements(self) -> Sequence[Movement] | None:
        """Return the credited ones; None while they are unknown."""

    def certain(self, requested_ns: int) -> Collection[str]:
        """Return the keys of those that are in every reading requested then (UTC ns): credited long enough before."""


class KnownWithdrawals(Protocol):
    """The withdrawals of the account, as far as they change its balances."""

    def movements(self) -> Sequence[Movement]:
        """Return what withdrawals may still do to the balances."""

    def certain(self, height: int) -> Sequence[Movement]:
        """Return the movements that certainly lie between the opening balances and a reading at this height."""

    def on_booked(self, key: str) -> None:
        """Take note that the balances showed this movement."""

    def on_explained(self, opening_height: int, asked_ns: int, unexplained: TokenAmounts) -> None:
        """Take note that a reading, requested at ``asked_ns`` (UTC), is explained but for the recorded difference."""


class PreviousBalances(Protocol):
    """What the previous run left: the first reading is compared with it."""

    async def open(self, listed: Sequence[Movement] | None) -> OpeningBalances:
        """Read the opening balances; ``listed``: the bridge's credited deposits, if known. Raises VenueError."""

    def record_difference(self, amounts: TokenAmounts, at_ns: int) -> None:
        """Record what is unexplained from now on, before the reading that shows it (requested at ``at_ns``, UTC)."""


class Inventory:
    """Reads and explains the balances. ``explained``: whether the last reading is, but for the recorded difference.

    ``requested`` is set by whoever wants a reading soon; ``on_unexplained`` is called for every reading that is not
    explained. ``is_plausible`` tells whether the chain can have a height that was read before.
    """

    def __init__(
        self,
        tokens: TokenTable,
        reader: BalanceReader,
        rpc: NearRpc,
        book: QuoteBook,
        *,
        poll_s: float,
        deposits: KnownDeposits,
        withdrawals: KnownWithdrawals,
        previous_run: PreviousBalances,
        requested: asyncio.Event,
        on_unexplained: Callable[[], None],
        is_plausible: Callable[[int], bool],
        env: Environment,
        recorder: Recorder,
    ) -> None:
        self._tokens = tokens
        self._reader = reader
        self._rpc = rpc
        self._book = book
        self._poll_s = poll_s
        self._deposits = deposits
        self._withdrawals = withdrawals
        self._previous_run = previous_run
        self._requested = requested
        self._on_unexplained = on_unexplained
        self._is_plausible = is_plausible
        self._record = recorder.record
        self._lock = asyncio.Lock()
        self.ledger = BalanceLedger()
        self._explainer = Explainer(self.ledger, reader, book, env)
        self.explained = False
        self.last_error = ""
        self._stale_readings = 0
        self.counters: Counter[str] = reader.counters

    def request_sync(self) -> None:
        """Ask for a reading soon: something settled."""
        self._requested.set()

    def accept(self, amounts: TokenAmounts) -> str:
        """Accept exactly this difference without an explanation; else return why not, in one sentence.

        It may come while a reading is under way: what that explains beside the same difference stays explained.
        """
        ledger = self.ledger
        if amounts != ledger.unexplained or not amounts:
            return "the unexplained difference has changed"
        live = self._book.reservations.signed_count()
        if live:
            return f"{counted(live, 'quote is', 'quotes are')} still open and may explain it; wait for expiry"
        unbooked = self.unbooked_deposits()
        if unbooked is None:
            return "the bridge has not reported deposits yet"
        if unbooked:
            credited = counted(len(unbooked), "credited deposit is", "credited deposits are")
            return f"{credited} not booked yet; wait for the next readings"
        if amounts != ledger.recorded_difference:
            return "it was found only once; a second reading must show the same"
        ledger.accept(amounts)
        self._note_difference(NOTHING)
        self.request_sync()
        return ""

    def unbooked_deposits(self) -> list[Movement] | None:
        """Return the credited deposits that no reading has shown yet; None while the bridge has not answered."""
        listed = self._deposits.movements()
        return None if listed is None else self.ledger.unbooked(listed)

    async def run(self) -> None:
        """Read the balances on the poll interval and whenever something settled, until cancelled."""
        while True:
            cause: Cause = "opening" if self.ledger.opening is None else "poll"
            try:
                async with asyncio.timeout(0 if cause == "opening" else self._poll_s):
                    await self._requested.wait()
                await asyncio.sleep(SETTLE_S)
                if cause == "poll" and self._book.settling():
                    cause = "settlement"
            except TimeoutError:
                pass
            self._requested.clear()
            if await self.sync(cause) is None:
                await asyncio.sleep(RETRY_S)
            elif self._book.settling():
                asyncio.get_running_loop().call_later(RETRY_S, self._requested.set)

    async def sync(self, cause: Cause) -> str | None:
        """Read and explain the balances once; return what was found, None when they could not be read."""
        async with self._lock:
            try:
                return await self._sync(cause)
            except VenueError as exc:
                self.counters["failures"] += 1
                self.last_error = str(exc)
                return None

    async def _sync(self, cause: Cause) -> str:
        past_expiry = self._book.past_expiry()
        block = await self._rpc.block() if past_expiry else None
        listed = self._deposits.movements()
        ledger = self.ledger
        if ledger.opening is None:
            self._open(await self._previous_run.open(listed), listed)
            return "opening balances read"
        await self._confirm_burning()
        reading = await self._reader.read()
        if reading.height < ledger.height:
            if self._is_plausible(ledger.height):
                return self._stale(reading)
            log.warning(findings.set_aside(ledger.height))
            self.counters["heights_set_aside"] += 1
            ledger.set_aside_height(reading.height)
        if listed is not None:
            self._record_bookings(ledger.unbook_missing({one.key for one in listed}), "UNBOOKED", reading.requested_ns)
        deposits = ledger.unbooked(listed or ())
        withdrawals = self._withdrawals.movements()
        flows = self._flows(reading, deposits, withdrawals)
        explanation = await self._explainer.explain(reading, flows)
        reading, found = explanation.reading, explanation.found
        if explanation.stale:
            return self._stale(reading)
        self._stale_readings = 0
        self._apply(reading, without_returns(found or ()), {m.key for m in deposits}, {m.key for m in withdrawals})
        self._explainer.conclude(reading)
        self.last_error = ""
        self.explained = found is not None
        if found is None:
            self.counters["unexplained"] += 1
            self._on_unexplained()
            cause = "unexplained"
        else:
            self._note_difference(ledger.unexplained)
            ledger.explained()
            if listed is not None and not ledger.deposits_listed:
                # The balances are explained without them: those of the opening showed them.
                self._record_opening(ledger.list_deposits(listed))
            self._withdrawals.on_explained(ledger.opening_height, reading.requested_ns, ledger.unexplained)
            self._book.confirm_burned(reading.height)
            if block is not None and reading.height >= block.height:
                await self._expire(past_expiry, block.timestamp_ns)
        self._record_rows(cause)
        if found is not None:
            await self._explainer.search_on(reading)
        return "the balances are explained" if not ledger.unexplained else "the balances are not explained"

    def _flows(self, reading: Reading, deposits: Sequence[Movement], withdrawals: Sequence[Movement]) -> KnownFlows:
        """Tell apart what is certainly in the reading, by bridge and withdrawals, from what may be in it."""
        credited = self._deposits.certain(reading.requested_ns) if self.ledger.deposits_listed else ()
        withdrawn = self._withdrawals.certain(reading.height)
        sure = [one for one in deposits if one.key in credited]
        known = {one.key for one in (*sure, *withdrawn)}
        possible = [one for one in (*deposits, *withdrawals) if one.key not in known]
        recorded = self.ledger.fills_on_record()
        return KnownFlows(sure=sure, withdrawn=withdrawn, possible=possible, recorded=recorded)

    async def _confirm_burning(self) -> None:
        """Ask the other endpoints, too, about nonces that one shows used: its word alone releases nothing."""
        waiting = self._book.unconfirmed(CONFIRMED_AT_ONCE)
        if waiting:
            for name, height in (await self._reader.confirmed_nonces(waiting)).items():
                self._book.nonce_confirmed(name, height)

    def _stale(self, reading: Reading) -> str:
        self.counters["stale_readings"] += 1
        self._stale_readings += 1
        if self._stale_readings >= TOLD_AFTER:
            self.last_error = (
                f"the last {self._stale_readings} readings are of older blocks: {reading.height:,} after "
                f"{self.ledger.height:,}"
            )
        return "a node answered with an older block; the last balances stay"

    def _open(self, opened: OpeningBalances, listed: Sequence[Movement] | None) -> None:
        self.ledger.open(opened, listed)
        recorded = opened.recorded
        booked = self.ledger.booked(listed or ())
        if recorded is not None:
            self._record_bookings([o for o in booked if o.key not in recorded], "BOOKED", opened.reading.requested_ns)
        elif listed is not None:
            self._record_opening(booked)
        self._record_bookings(opened.unbooked, "UNBOOKED", opened.reading.requested_ns)
        self.last_error = ""
        self._record_rows("opening" if opened.unexplained == opened.carried else "unexplained")

    def _apply(
        self, reading: Reading, movements: Sequence[Movement], deposits: set[str], withdrawals: set[str]
    ) -> None:
        """Book what explains the reading and take it, in one step: nothing awaits between the two."""
        booked: list[Movement] = []
        for found in movements:
            if found.key in deposits:
                self.ledger.book_deposit(found)
                booked.append(found)
            elif found.key in withdrawals:
                self.ledger.book_withdrawal(found)
                self._withdrawals.on_booked(found.key)
            else:
                self.ledger.book_fill(found)
                self._book.confirm(found.key, "confirmed by the balances")
        self.ledger.apply(reading)
        self._record_bookings(booked, "ASSUMED" if self.ledger.unexplained else "BOOKED", reading.requested_ns)
        shown = self.ledger.confirm_assumed()
        self._record_bookings([one for one in shown if one not in booked], "BOOKED", reading.requested_ns)

    def _record_opening(self, deposits: Sequence[Movement]) -> None:
        """Record which deposits the opening balances held, and then that these are all: a crash may come between."""
        self._record_bookings(deposits, "BOOKED", self.ledger.opening_ns)
        self._record(booking("opening", "OPENED", self.ledger.opening_ns))

    def _record_bookings(self, deposits: Sequence[Movement], status: Booking, at_ns: int) -> None:
        """Record which deposits are in the balances, as of a reading asked for then: the next run starts from it."""
        for one in deposits:
            for token_id, units in one.amounts.items():
                self._record(booking(one.key, status, at_ns, asset=token_id, amount=units))

    def _note_difference(self, amounts: TokenAmounts) -> None:
        if amounts != self.ledger.recorded_difference:
            self.ledger.recorded_difference = amounts
            self._previous_run.record_difference(amounts, self.ledger.at_ns)

    async def _expire(self, past_expiry: Sequence[Commitment], block_ns: int) -> None:
        """Release expired commitments: a block after their deadline is explained without them.

        Thousands may expire between two readings: requests are answered in between.
        """
        for number, one in enumerate(past_expiry, start=1):
            if block_ns > one.deadline_ns:
                self._book.expire(one.quote_hash)
            if number % EXPIRED_AT_ONCE == 0:
                await give_way()

    def _record_rows(self, cause: Cause) -> None:
        ledger = self.ledger
        assert ledger.balance is not None
        known = ledger.usable or NOTHING
        over_before_ns = self._book.note_over()
        for asset, balance in self._tokens.by_token(ledger.balance):
            reserved = self._book.reservations.reserved(asset.token_id)
            self._record(
                IntentInventory(
                    at_ns=ledger.at_ns,
                    asset=asset.token_id,
                    balance=balance,
                    reserved=reserved,
                    spendable=max(0, known[asset.token_id] - reserved),
                    block_height=ledger.height,
                    cause=cause,
                    over_before_ns=over_before_ns,
                )
            )
