"""Inventory sync: balances read from the Verifier, every change of them explained, fills confirmed by them.

A fill is booked when the balances show it, not when somebody says so; a promise is let go when a block later than
its deadline shows that nothing happened. What cannot be explained is kept in sight and never spent on trust.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from cockpit.desk.proof import Movement, explain
from cockpit.desk.quotes import QuoteBook
from cockpit.desk.reservations import Promise
from cockpit.events import IntentInventory
from venue.assets import Pair
from venue.jsonrpc import VenueError
from venue.near_rpc import NearRpc
from venue.verifier import Balances, Verifier

Cause = Literal["opening", "poll", "settlement", "refresh"]

SETTLE_S = 0.2
"""Settlements come in bursts; one reading serves those of a moment."""

ASKED_AT_ONCE = 8


def movement(pair: Pair, promise: Promise) -> Movement:
    """What settling the promise does to the balances."""
    if promise.asset_in == pair.base.token_id:
        return Movement(promise.quote_hash, promise.amount_in, -promise.amount_out)
    return Movement(promise.quote_hash, -promise.amount_out, promise.amount_in)


class Inventory:
    """The two balances as (base, quote) in base units; None until the Verifier has told them.

    opening + filled + deposited = balance, or the difference is ``unexplained``. ``at_ns`` is when the reading was
    asked for, UTC.
    """

    def __init__(
        self,
        account: str,
        pair: Pair,
        verifier: Verifier,
        rpc: NearRpc,
        book: QuoteBook,
        *,
        poll_s: float,
        deposits: Callable[[], Sequence[Movement]],
        record: Callable[[IntentInventory], None],
        wall_ns: Callable[[], int],
    ) -> None:
        self._account = account
        self._pair = pair
        self._verifier = verifier
        self._rpc = rpc
        self._book = book
        self._poll_s = poll_s
        self._deposits = deposits
        self._record = record
        self._wall_ns = wall_ns
        self._wanted = asyncio.Event()
        self._lock = asyncio.Lock()
        self._booked_deposits: set[str] = set()
        self.balance: tuple[int, int] | None = None
        self.opening: tuple[int, int] | None = None
        self.filled = (0, 0)
        self.deposited = (0, 0)
        self.unexplained = (0, 0)
        self.at_ns = 0
        self.height = 0
        self.version = 0
        self.last_error = ""
        self.counters: Counter[str] = Counter()

    def wanted(self) -> None:
        """Ask for a reading soon: something settled."""
        self._wanted.set()

    async def run(self) -> None:
        """Read the balances on the poll interval and whenever something settled, until cancelled."""
        while True:
            cause: Cause = "opening" if self.opening is None else "poll"
            try:
                await asyncio.wait_for(self._wanted.wait(), 0 if cause == "opening" else self._poll_s)
                await asyncio.sleep(SETTLE_S)
                cause = "settlement" if cause == "poll" else cause
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
        deposits = [m for m in self._deposits() if m.key not in self._booked_deposits]
        settling = self._book.settling()
        dying = self._book.dying()
        block = await self._rpc.block() if dying else None
        reading, asked_ns = await self._read()
        if self.opening is None:
            self._open(reading, asked_ns, deposits)
            return "opening balances read"
        if reading.block_height < self.height:
            self.counters["stale_readings"] += 1
            return "an older block was answered; kept what is known"
        candidates = [*(movement(self._pair, promise) for promise in settling), *deposits]
        found = explain(*self._difference(reading), candidates)
        if found is None:
            used = await self._settled_by_nonce((*settling, *self._book.reservations))
            reading, asked_ns = await self._read()
            candidates = [*(movement(self._pair, promise) for promise in used), *deposits]
            found = explain(*self._difference(reading), candidates)
        self._apply(reading, asked_ns, found or ())
        if found is None:
            self.counters["unexplained"] += 1
        elif block is not None and reading.block_height >= block.height:
            self._bury(dying, block.timestamp_ns)
        self._record_rows(cause)
        return "the balances are explained" if found is not None else "the balances are not explained yet"

    async def _read(self) -> tuple[Balances, int]:
        asked_ns = self._wall_ns()
        tokens = (self._pair.base.token_id, self._pair.quote.token_id)
        reading = await self._verifier.balances(self._account, tokens)
        self.counters["readings"] += 1
        return reading, asked_ns

    def _open(self, reading: Balances, asked_ns: int, deposits: Sequence[Movement]) -> None:
        """The first balances are the opening ones; deposits credited before them are in them."""
        self._booked_deposits.update(m.key for m in deposits)
        base, quote = reading.amounts
        self.opening = (base, quote)
        self._apply(reading, asked_ns, ())
        self._record_rows("opening")

    def _booked(self) -> tuple[int, int]:
        opening = self.opening or (0, 0)
        return (
            opening[0] + self.filled[0] + self.deposited[0],
            opening[1] + self.filled[1] + self.deposited[1],
        )

    def _difference(self, reading: Balances) -> tuple[int, int]:
        booked = self._booked()
        return reading.amounts[0] - booked[0], reading.amounts[1] - booked[1]

    def _apply(self, reading: Balances, asked_ns: int, movements: Sequence[Movement]) -> None:
        """Take the reading and book what explains it, in one step: nothing awaits between the two."""
        for found in movements:
            if self._book.knows(found.key):
                self.filled = (self.filled[0] + found.base, self.filled[1] + found.quote)
                self._book.confirm(found.key, "confirmed by the balances")
            else:
                self.deposited = (self.deposited[0] + found.base, self.deposited[1] + found.quote)
                self._booked_deposits.add(found.key)
        base, quote = reading.amounts
        self.balance = (base, quote)
        self.unexplained = self._difference(reading)
        self.at_ns = asked_ns
        self.height = reading.block_height
        self.version += 1
        self.last_error = ""

    def _bury(self, dying: Sequence[Promise], block_ns: int) -> None:
        """Let go of dead promises: a block after their deadline is explained without them."""
        for promise in dying:
            if block_ns > promise.deadline_ns:
                self._book.expire(promise.quote_hash)

    async def _settled_by_nonce(self, promises: Sequence[Promise]) -> list[Promise]:
        """Which of these quotes have been executed: their nonce is used."""
        unique = list({promise.quote_hash: promise for promise in promises}.values())
        used: list[Promise] = []
        for start in range(0, len(unique), ASKED_AT_ONCE):
            some = unique[start : start + ASKED_AT_ONCE]
            answers = await asyncio.gather(
                *(self._verifier.is_nonce_used(self._account, promise.nonce) for promise in some)
            )
            self.counters["nonces_asked"] += len(some)
            used += [promise for promise, answer in zip(some, answers, strict=True) if answer]
        return used

    def _record_rows(self, cause: Cause) -> None:
        assert self.balance is not None
        for asset, balance in zip((self._pair.base, self._pair.quote), self.balance, strict=True):
            reserved = self._book.reservations.reserved(asset.token_id)
            self._record(
                IntentInventory(
                    self.at_ns, asset.token_id, balance, reserved, max(0, balance - reserved), self.height, cause
                )
            )
