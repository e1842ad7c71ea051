"""Inventory sync: balances read from the Verifier, every change of them explained, fills confirmed by them.

A fill is booked when the balances show it, not when somebody says so; a promise is let go when a block later than
its deadline shows that nothing happened.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

import msgspec

from cockpit.desk.inventory.movements import Movement, without_returns
from cockpit.desk.inventory.reconciliation import BalanceLedger, movement
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.reservations import Commitment
from cockpit.model.environment import Environment
from cockpit.model.events import IntentInventory
from cockpit.model.recorder import Recorder
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

    async def first_reading(self, read: Read, listed: Deposits) -> OpeningBalances:
        """Read the opening balances. Raises VenueError."""

    def set_aside(self, amounts: tuple[int, int], at_ns: int) -> None:
        """Record what is unexplained from now on, before the reading that shows it (requested at ``at_ns``, UTC)."""


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
        withdrawals: KnownWithdrawals | None = None,
        previous_run: PreviousBalances | None = None,
        on_unexplained: Callable[[], None] = lambda: None,
        env: Environment,
        recorder: Recorder,
        requested: asyncio.Event | None = None,
    ) -> None:
        withdrawals, previous_run = withdrawals or _NoWithdrawals(), previous_run or _NoPreviousRun()
        super().__init__(pair, book, env=env, on_booked=withdrawals.on_booked, on_remainder=previous_run.set_aside)
        self._account = account
        self._verifier = verifier
        self._rpc = rpc
        self._poll_s = poll_s
        self._deposits = deposits
        self._withdrawals = withdrawals
        self._previous_run = previous_run
        self._on_unexplained = on_unexplained
        self._record = recorder.record
        self._requested = asyncio.Event() if requested is None else requested
        self._lock = asyncio.Lock()
        self.explained = False
        self.last_error = ""
        self.counters: Counter[str] = Counter()

    def request_sync(self) -> None:
        """Ask for a reading soon: something settled."""
        self._requested.set()

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
        self.request_sync()
        return ""

    async def run(self) -> None:
        """Read the balances on the poll interval and whenever something settled, until cancelled."""
        while True:
            cause: Cause = "opening" if self.opening is None else "poll"
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
                await asyncio.sleep(1.0)
            elif self._book.settling():
                asyncio.get_running_loop().call_later(1.0, self._requested.set)

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
            self._open(await self._previous_run.first_reading(self._read, listed), listed)
            return "opening balances read"
        reading, asked_ns = await self._read()
        if reading.block_height < self.height:
            return self._stale()
        deposits = [m for m in listed or () if m.key not in self._booked_deposits]
        withdrawals = self._withdrawals.movements()
        certain = self._withdrawals.certain(reading.block_height)
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
            self._on_unexplained()
            cause = "unexplained"
        else:
            self._put_aside(self.unexplained)
            self._remainder = (0, 0)
            self._list(listed)
            self._withdrawals.on_explained(self.opening_height, asked_ns)
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


class _NoWithdrawals:
    def movements(self) -> Sequence[Movement]:
        return ()

    def certain(self, height: int) -> Sequence[Movement]:
        return ()

    def on_booked(self, key: str) -> None:
        return

    def on_explained(self, opening_height: int, asked_ns: int) -> None:
        return


class _NoPreviousRun:
    async def first_reading(self, read: Read, listed: Deposits) -> OpeningBalances:
        return OpeningBalances(*await read())

    def set_aside(self, amounts: tuple[int, int], at_ns: int) -> None:
        return
