"""Inventory sync: balances read from the Verifier, every change of them explained, fills confirmed by them.

A fill is booked when the balances show it, not when somebody says so; a promise is let go when a block later than
its deadline shows that nothing happened.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec

from cockpit.desk.inventory.movements import Movement, without_returns
from cockpit.desk.inventory.reconciliation import BalanceLedger, movement
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.reservations import Commitment
from cockpit.model.events import IntentInventory
from venue.near.rpc import NearRpc
from venue.protocol.assets import Pair
from venue.transport.errors import VenueError
from venue.verifier import Balances, Verifier

Cause = Literal["opening", "poll", "settlement", "refresh", "unexplained"]

SETTLE_S = 0.2
"""Settlements come in bursts; one reading serves those of a moment."""


class OpeningBalances(msgspec.Struct, frozen=True):
    """The first reading, when it was asked for (UTC ns), and what of it no earlier run accounts for, base and quote.

    ``deposits``: those that are in the opening balances, by key; None when it can only be taken that all listed are.
    ``carried``: the part of the gap that an earlier run has set aside already.
    """

    reading: Balances
    asked_ns: int
    gap: tuple[int, int] = (0, 0)
    deposits: frozenset[str] | None = None
    carried: tuple[int, int] = (0, 0)


Read = Callable[[], Awaitable[tuple[Balances, int]]]
Deposits = Sequence[Movement] | None


class Inventory(BalanceLedger):
    """Reads the balances and proves them. ``explained`` says whether the last reading is, but for what is set aside."""

    def __init__(
        self,
        account: str,
        pair: Pair,
        verifier: Verifier,
        rpc: NearRpc,
        book: QuoteBook,
        *,
        poll_s: float,
        deposits: Callable[[], Sequence[Movement] | None],
        record: Callable[[IntentInventory], None],
        wall_ns: Callable[[], int],
    ) -> None:
        super().__init__(pair, book, wall_ns=wall_ns)
        self._account = account
        self._verifier = verifier
        self._rpc = rpc
        self._poll_s = poll_s
        self._deposits = deposits
        self.on_unexplained: Callable[[], None] = lambda: None
        self._withdrawals: Callable[[], Sequence[Movement]] = tuple
        self._certain: Callable[[int], Sequence[Movement]] = lambda height: ()
        self._on_explained: Callable[[int, int], None] = lambda opening_height, asked_ns: None
        self._first: Callable[[Read, Deposits], Awaitable[OpeningBalances]] = _read_only
        self._record = record
        self._wanted = asyncio.Event()
        self._lock = asyncio.Lock()
        self.explained = False
        self.last_error = ""
        self.counters: Counter[str] = Counter()

    def follow_withdrawals(
        self,
        movements: Callable[[], Sequence[Movement]],
        certain: Callable[[int], Sequence[Movement]],
        on_booked: Callable[[str], None],
        on_explained: Callable[[int, int], None],
    ) -> None:
        """Explain balances by withdrawals too, and tell of each one found, and of each reading fully explained.

        ``certain`` gets the block height of a reading and names those of the movements that are sure to lie between the
        opening balances and it. ``on_explained`` gets the opening height, and when the reading was asked for, UTC ns.
        """
        self._withdrawals = movements
        self._certain = certain
        self._on_booked = on_booked
        self._on_explained = on_explained

    def follow_former(
        self,
        first: Callable[[Read, Deposits], Awaitable[OpeningBalances]],
        on_remainder: Callable[[tuple[int, int], int], None],
    ) -> None:
        """Have the first reading compared with what the former run left: ``first`` reads it, and raises VenueError.

        ``on_remainder`` gets what is set aside from now on, before the reading that shows it is recorded, and when that
        reading was asked for, UTC ns.
        """
        self._first = first
        self._on_remainder = on_remainder

    def wanted(self) -> None:
        """Ask for a reading soon: something settled."""
        self._wanted.set()

    def accept(self, amounts: tuple[int, int]) -> str:
        """Make exactly this remainder a term of the proof, base and quote; else why not, in one sentence.

        It may come while a reading is under way: what that explains beside the same remainder stays explained.
        """
        if amounts != self.unexplained or amounts == (0, 0):
            return "the remainder is another one by now"
        alive = len(self._book.reservations)
        if alive:
            return f"{alive} signed quotes have no end yet and it may be theirs; wait until the last one is dead"
        if amounts != self._set_aside:
            return "it was found only once; a second reading must show the same"
        self.accepted = (self.accepted[0] + amounts[0], self.accepted[1] + amounts[1])
        self.unexplained = self._remainder = (0, 0)
        self._put_aside((0, 0))
        self.wanted()
        return ""

    async def run(self) -> None:
        """Read the balances on the poll interval and whenever something settled, until cancelled."""
        while True:
            cause: Cause = "opening" if self.opening is None else "poll"
            try:
                async with asyncio.timeout(0 if cause == "opening" else self._poll_s):
                    await self._wanted.wait()
                await asyncio.sleep(SETTLE_S)
                if cause == "poll" and self._book.settling():
                    cause = "settlement"
            except TimeoutError:
                pass
            self._wanted.clear()
            if await self.sync(cause) is None:
                await asyncio.sleep(1.0)
            elif self._book.settling():
                asyncio.get_running_loop().call_later(1.0, self._wanted.set)

    async def sync(self, cause: Cause) -> str | None:
        """Read and explain the balances once; None when they could not be read, else what was found."""
        async with self._lock:
            try:
                return await self._sync(cause)
            except VenueError as exc:
                self.counters["failures"] += 1
                self.last_error = str(exc)
                return None

    async def _sync(self, cause: Cause) -> str:
        dying = self._book.dying()
        block = await self._rpc.block() if dying else None
        listed = self._deposits()
        if self.opening is None:
            self._open(await self._first(self._read, listed), listed)
            return "opening balances read"
        reading, asked_ns = await self._read()
        if reading.block_height < self.height:
            return self._stale()
        deposits = [m for m in listed or () if m.key not in self._booked_deposits]
        withdrawals = self._withdrawals()
        certain = self._certain(reading.block_height)
        sure = {one.key for one in certain}
        flows = [one for one in (*deposits, *withdrawals) if one.key not in sure]
        # Asked for after the reading: a claim that came while it was under way may be in it.
        settling = self._book.settling()
        found = self._explain(reading, certain, [*(movement(self._pair, promise) for promise in settling), *flows])
        used: list[Movement] = list(certain)
        if found is None:
            known = {promise.quote_hash for promise in settling} | {q.promise.quote_hash for q in self._book.burning()}
            others = tuple(one for one in self._book.reservations if one.quote_hash not in known)
            for promises in (settling, others):
                used += await self._settled_by_nonce(promises)
                again, asked_ns = await self._read()
                if again.block_height < reading.block_height:
                    return self._stale()
                reading = again
                found = self._explain(reading, used, flows)
                if found is not None:
                    break
        if found is None:
            found = self._beside_burnings(reading, used, flows)
        if found is None:
            found = self._beside_forgotten(reading, used, flows)
        if found is None:
            found = self._second_time(reading, used)
        moved = without_returns(found or ())
        self._apply(reading, asked_ns, moved, {m.key for m in deposits}, {m.key for m in withdrawals})
        self.last_error = ""
        self.explained = found is not None
        if found is None:
            self.counters["unexplained"] += 1
            self.on_unexplained()
            cause = "unexplained"
        else:
            self._put_aside(self.unexplained)
            self._remainder = (0, 0)
            self._list(listed)
            self._on_explained(self.opening_height, asked_ns)
            self._book.burned_by(reading.block_height)
            if block is not None and reading.block_height >= block.height:
                self._bury(dying, block.timestamp_ns)
        self._record_rows(cause)
        return "the balances are explained" if not any(self.unexplained) else "the balances are not explained"

    def _stale(self) -> str:
        self.counters["stale_readings"] += 1
        return "an older block was answered; kept what is known"

    async def _read(self) -> tuple[Balances, int]:
        asked_ns = self._wall_ns()
        tokens = (self._pair.base.token_id, self._pair.quote.token_id)
        reading = await self._verifier.balances(self._account, tokens)
        self.counters["readings"] += 1
        return reading, asked_ns

    def _open(self, opened: OpeningBalances, listed: Deposits) -> None:
        """The first balances are the opening ones, but for what nobody accounts for; deposits before are in them."""
        reading, self.gap = opened.reading, opened.gap
        self._set_aside = opened.carried
        if opened.deposits is None:
            self._list(listed)
        else:
            self._booked_deposits.update(opened.deposits)
            self._deposits_listed = True
        base, quote = reading.amounts
        self.opening = (base - self.gap[0], quote - self.gap[1])
        self.opening_height = reading.block_height
        self._apply(reading, opened.asked_ns, (), set(), set())
        self.last_error = ""
        self._record_rows("opening" if self.gap == opened.carried else "unexplained")

    def _bury(self, dying: Sequence[Commitment], block_ns: int) -> None:
        """Let go of dead promises: a block after their deadline is explained without them."""
        for promise in dying:
            if block_ns > promise.deadline_ns:
                self._book.expire(promise.quote_hash)

    async def _settled_by_nonce(self, promises: Sequence[Commitment]) -> list[Movement]:
        """Which of these quotes have been executed: their nonce is used."""
        used = await self._verifier.used_nonces(self._account, [promise.nonce for promise in promises])
        self.counters["nonces_asked"] += len(promises)
        return [movement(self._pair, promise) for promise in promises if promise.nonce in used]

    def _record_rows(self, cause: Cause) -> None:
        assert self.balance is not None
        for asset, balance in zip((self._pair.base, self._pair.quote), self.balance, strict=True):
            reserved = self._book.reservations.reserved(asset.token_id)
            self._record(
                IntentInventory(
                    self.at_ns, asset.token_id, balance, reserved, max(0, balance - reserved), self.height, cause
                )
            )


async def _read_only(read: Read, listed: Deposits) -> OpeningBalances:
    """Nothing went before this run."""
    return OpeningBalances(*await read())
