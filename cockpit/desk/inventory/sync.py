"""Inventory sync: balances read from the Verifier, every change of them explained, fills confirmed by them.

A fill is booked when the balances show it, not when it is reported; a commitment is released when a block later than
its deadline shows that nothing happened.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from cockpit.desk.inventory import startup_findings as findings
from cockpit.desk.inventory.balance_reader import BalanceReader, Reading
from cockpit.desk.inventory.movements import Movement, without_returns
from cockpit.desk.inventory.reconciliation import BalanceLedger, OpeningBalances, movement
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.reservations import Commitment
from cockpit.model.environment import Environment
from cockpit.model.events import IntentInventory
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
TOLD_AFTER = 5
"""Readings in a row of older blocks: one node may lag behind another by a moment."""


class KnownWithdrawals(Protocol):
    """The withdrawals of the account, as far as they change its balances."""

    def movements(self) -> Sequence[Movement]:
        """Return what withdrawals may still do to the balances."""

    def certain(self, height: int) -> Sequence[Movement]:
        """Return the movements that certainly lie between the opening balances and a reading at this height."""

    def on_booked(self, key: str) -> None:
        """Take note that the balances showed this movement."""

    def on_explained(self, opening_height: int, asked_ns: int) -> None:
        """Take note that a reading, requested at ``asked_ns`` (UTC), is fully explained."""


class PreviousBalances(Protocol):
    """What the previous run left: the first reading is compared with it."""

    async def open(self, listed: Sequence[Movement] | None) -> OpeningBalances:
        """Read the opening balances; ``listed``: the bridge's credited deposits, if known. Raises VenueError."""

    def record_difference(self, amounts: TokenAmounts, at_ns: int) -> None:
        """Record what is unexplained from now on, before the reading that shows it (requested at ``at_ns``, UTC)."""


class Inventory:
    """Reads and explains the balances. ``explained``: whether the last reading is, but for the recorded difference.

    ``deposits`` returns the bridge's credited ones, None while they are unknown. ``requested`` is set by whoever wants
    a reading soon; ``on_unexplained`` is called for every reading that is not explained. ``is_plausible`` tells whether
    the chain can have a height that was read before.
    """

    def __init__(
        self,
        tokens: TokenTable,
        reader: BalanceReader,
        rpc: NearRpc,
        book: QuoteBook,
        *,
        poll_s: float,
        deposits: Callable[[], Sequence[Movement] | None],
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
        self._wall_ns = env.wall_ns
        self._record = recorder.record
        self._lock = asyncio.Lock()
        self.ledger = BalanceLedger()
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
            return f"{live} {'quote is' if live == 1 else 'quotes are'} still open and may explain it; wait for expiry"
        if amounts != ledger.recorded_difference:
            return "it was found only once; a second reading must show the same"
        ledger.accept(amounts)
        self._note_difference(NOTHING)
        self.request_sync()
        return ""

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
        listed = self._deposits()
        ledger = self.ledger
        if ledger.opening is None:
            self._open(await self._previous_run.open(listed), listed)
            return "opening balances read"
        reading = await self._reader.read()
        if reading.height < ledger.height:
            if self._is_plausible(ledger.height):
                return self._stale(reading)
            log.warning(findings.set_aside(ledger.height))
            self.counters["heights_set_aside"] += 1
            ledger.set_aside_height(reading.height)
        self._stale_readings = 0
        deposits = ledger.unbooked(listed or ())
        withdrawals = self._withdrawals.movements()
        certain = self._withdrawals.certain(reading.height)
        sure = {one.key for one in certain}
        flows = [one for one in (*deposits, *withdrawals) if one.key not in sure]
        # Asked for after the reading: a claim that came while it was under way may be in it.
        settling = self._book.settling()
        found = ledger.explain(reading, certain, [*self._movements(settling), *flows])
        used: list[Movement] = list(certain)
        if found is None:
            known = {one.quote_hash for one in settling} | {q.commitment.quote_hash for q in self._book.burning()}
            others = tuple(one for one in self._book.reservations.signed() if one.quote_hash not in known)
            for asked in (settling, others):
                used += await self._settled_by_nonce(asked)
                again = await self._reader.read()
                if again.height < reading.height:
                    return self._stale(again)
                reading = again
                found = ledger.explain(reading, used, flows)
                if found is not None:
                    break
        if found is None:
            found = await self._beside_burning(reading, used, flows)
        if found is None:
            found = self._beside_past_deadline(reading, used, flows)
        if found is None:
            found = ledger.explain_repeated(reading, used)
        self._apply(reading, without_returns(found or ()), {m.key for m in deposits}, {m.key for m in withdrawals})
        self.last_error = ""
        self.explained = found is not None
        if found is None:
            self.counters["unexplained"] += 1
            self._on_unexplained()
            cause = "unexplained"
        else:
            self._note_difference(ledger.unexplained)
            ledger.explained()
            ledger.list_deposits(listed)
            self._withdrawals.on_explained(ledger.opening_height, reading.requested_ns)
            self._book.confirm_burned(reading.height)
            if block is not None and reading.height >= block.height:
                self._expire(past_expiry, block.timestamp_ns)
        self._record_rows(cause)
        return "the balances are explained" if not ledger.unexplained else "the balances are not explained"

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
        self.last_error = ""
        self._record_rows("opening" if opened.unexplained == opened.carried else "unexplained")

    def _apply(
        self, reading: Reading, movements: Sequence[Movement], deposits: set[str], withdrawals: set[str]
    ) -> None:
        """Book what explains the reading and take it, in one step: nothing awaits between the two."""
        for found in movements:
            if found.key in deposits:
                self.ledger.book_deposit(found)
            elif found.key in withdrawals:
                self.ledger.book_withdrawal(found)
                self._withdrawals.on_booked(found.key)
            else:
                self.ledger.book_fill(found)
                self._book.confirm(found.key, "confirmed by the balances")
        self.ledger.apply(reading)

    def _note_difference(self, amounts: TokenAmounts) -> None:
        if amounts != self.ledger.recorded_difference:
            self.ledger.recorded_difference = amounts
            self._previous_run.record_difference(amounts, self.ledger.at_ns)

    def _expire(self, past_expiry: Sequence[Commitment], block_ns: int) -> None:
        """Release expired commitments: a block after their deadline is explained without them."""
        for one in past_expiry:
            if block_ns > one.deadline_ns:
                self._book.expire(one.quote_hash)

    def _movements(self, commitments: Sequence[Commitment]) -> list[Movement]:
        return [movement(one) for one in commitments]

    async def _settled_by_nonce(self, commitments: Sequence[Commitment]) -> list[Movement]:
        """Which of these quotes were executed: their nonce is used."""
        used = await self._reader.used_nonces(commitments)
        self.counters["nonces_asked"] += len(commitments)
        return self._movements([one for one in commitments if one.quote_hash in used])

    async def _beside_burning(
        self, reading: Reading, used: Sequence[Movement], flows: Sequence[Movement]
    ) -> tuple[Movement, ...] | None:
        """What explains the change with fills of quotes that were settled while they were being burned.

        Those with a used nonce first: of many candidates not all sums can be tried.
        """
        burning = self._book.burning()
        for name, height in (await self._reader.used_nonces(quote.commitment for quote in burning)).items():
            self._book.nonce_used(name, height)
        taken = [q.commitment for q in burning if q.used_height is not None and not q.burn_reported]
        found = self.ledger.explain(reading, used, [*self._movements(taken), *flows]) if taken else None
        if found is not None:
            return found
        open_burns = self._movements([quote.commitment for quote in burning if not quote.burn_reported])
        reported = self._movements([quote.commitment for quote in burning if quote.burn_reported])
        found = self.ledger.explain(reading, used, [*open_burns, *flows]) if open_burns else None
        if found is None and reported:
            found = self.ledger.explain(reading, used, [*open_burns, *reported, *flows])
        return found

    def _beside_past_deadline(
        self, reading: Reading, used: Sequence[Movement], flows: Sequence[Movement]
    ) -> tuple[Movement, ...] | None:
        """What explains the change with quotes past their deadline: the contract clears expired nonces, so that an
        unused one does not show that the quote was never settled."""
        now, known = self._wall_ns(), {one.key for one in used}
        signed = self._book.reservations.signed()
        past = [one for one in signed if one.deadline_ns <= now and one.quote_hash not in known]
        return self.ledger.explain(reading, used, [*self._movements(past), *flows]) if past else None

    def _record_rows(self, cause: Cause) -> None:
        ledger = self.ledger
        assert ledger.balance is not None
        for asset, balance in self._tokens.by_token(ledger.balance):
            reserved = self._book.reservations.reserved(asset.token_id)
            self._record(
                IntentInventory(
                    at_ns=ledger.at_ns,
                    asset=asset.token_id,
                    balance=balance,
                    reserved=reserved,
                    spendable=max(0, balance - reserved),
                    block_height=ledger.height,
                    cause=cause,
                )
            )
