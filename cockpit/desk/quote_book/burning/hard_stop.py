"""The hard stop: burns every quote that could still settle, with an empty intent that uses its nonce.

Refused quotes are burned too, after the live ones: whoever has their signature may settle them until their deadline.

Our intent and a settlement race for each nonce, and the chain lets one of them win. Publishing the same intent again
changes nothing, so lost answers, late ones and crashes are all handled by doing it again. The balances show which one
won: a nonce that is used, at a height whose balances are explained without the fill, was burned.

A quote whose salt was invalidated can neither settle nor be burned. It is left out, and stays signed until it has
expired: one node's word releases nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.burning.burn_batches import Batch, cut, is_open, salt_of
from cockpit.desk.quote_book.burning.burn_calls import BurnCalls
from cockpit.desk.quote_book.burning.salts import Salts
from cockpit.desk.quote_book.burning.targets import Targets, paced
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.quote import Quote
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from cockpit.model.formatting import counted, utc_time
from cockpit.model.recorder import Recorder
from cockpit.model.snapshot import HardStopState
from storage.errors import HistoryError
from venue.protocol.units import NS_PER_MS
from venue.relay.rpc import RelayRpc
from venue.signing.signer import Signer
from venue.transport.errors import VenueError
from venue.verifier import Verifier

log = logging.getLogger(__name__)

PAUSE_S = 0.5
SHORT_PAUSE_S = 0.1
"""Between two rounds while a call is due at once."""
AT_ONCE = 4
"""Calls at the same time: one that is not answered must not hold up the others."""
DURABLE_WITHIN_S = 2.0
QUOTES_AT_ONCE, BATCHES_AT_ONCE = 250, 10
"""Looked at without a pause, a millisecond or two: what else the desk does goes on meanwhile."""


class HardStopRun:
    """Burns the quotes signed when ``start`` is called, until none of them can be. Runs beside everything else.

    ``request_sync`` asks for a reading of the balances soon.
    """

    def __init__(
        self,
        account: str,
        book: QuoteBook,
        signer: Signer,
        relay: RelayRpc,
        verifier: Verifier,
        *,
        env: Environment,
        recorder: Recorder,
        request_sync: Callable[[], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._account = account
        self._book = book
        self._verifier = verifier
        self._recorder = recorder
        self._request_sync = request_sync
        self._wall_ns = env.wall_ns
        self._monotonic_ns = env.monotonic_ns
        self._new_id = env.new_id
        self._pause = pause
        self._started = asyncio.Event()
        self._pending: list[Commitment] = []
        self._targets = Targets()
        self._batches: list[Batch] = []
        self._last_looks: list[Quote] = []
        self._salts = Salts(verifier)
        self._calls = BurnCalls(book, signer, relay, self._salts, env)
        self._result = ""
        self._unfinished = False

    def start(self) -> int:
        """Burn every quote that could still settle and return how many; called again, it adds those sent since.

        What is in flight stays so: the relay is not called sooner. The salts are asked for anew. Tens of thousands may
        be signed, so only their list is taken here: they are looked at in slices, as all that follows.
        """
        if not self.active:
            self._finish()
            self._targets = Targets()
            self._last_looks = []
            self._result = self._calls.detail = ""
        self._pending = list(self._book.reservations.signed())
        self._salts.forget()
        self._unfinished = self.active
        self._started.set()
        return len(self._pending)

    @property
    def active(self) -> bool:
        return bool(self._pending) or self._targets.count().left > 0

    def progress(self) -> HardStopState | None:
        """Return how far it is; None when there was no hard stop in this run. Of thousands, as of the last round."""
        count, waiting = self._targets.count(), len(self._pending)
        ended = self._targets.ended
        asked = ended.total() + (waiting or len(self._targets))
        if not asked:
            return None
        return HardStopState(
            asked=asked,
            burned=ended["burned"],
            settled=ended["settled"],
            expired=ended["expired"],
            left=waiting or count.left,
            detail=self._result or self._calls.detail,
            unburnable=0 if waiting else count.unburnable,
            unburnable_left_ms=max(0, (count.unburnable_last_ns - self._wall_ns()) // NS_PER_MS)
            if count.unburnable and not waiting
            else 0,
        )

    async def run(self) -> None:
        """Wait for a start and complete it, until cancelled; one that broke off continues with what is left."""
        while True:
            while not self.active:
                await self._started.wait()
                self._started.clear()
            while self.active:
                try:
                    await self._round()
                except VenueError as exc:
                    self._calls.detail = str(exc)
                    await self._pause(PAUSE_S)
                await self._review()
                await self._pause(SHORT_PAUSE_S if await self._due() else PAUSE_S)
            self._finish()

    async def _gather(self) -> None:
        """Take the quotes of a start over into batches, live ones first."""
        batched = {id(quote) for batch in self._batches for quote in batch.quotes}
        pending, live, refused = self._pending, list[Quote](), list[Quote]()
        async for commitment in paced(pending, QUOTES_AT_ONCE):
            quote = self._book.get(commitment.quote_hash)
            if quote is None:
                continue
            self._book.salt_answered(commitment.quote_hash, invalid=False)
            self._targets.add(quote)
            if is_open(quote) and id(quote) not in batched:
                (refused if quote.state == "refused" else live).append(quote)
        for fresh in (live, refused):
            async for start in paced(range(0, len(fresh), QUOTES_AT_ONCE), 1):
                self._batches += cut(fresh[start : start + QUOTES_AT_ONCE])
        await self._targets.recount()
        # Another start meanwhile has a list of its own.
        if self._pending is pending:
            self._pending = []

    async def _round(self) -> None:
        if self._pending:
            await self._gather()
        await self._ask_salts()
        await self._review()
        due = await self._due()
        if due:
            wall_ns = self._wall_ns()
            await self._record_burning([q for one in due if one.publishes(wall_ns) for q in one.burnable(wall_ns)])
            for start in range(0, len(due), AT_ONCE):
                await asyncio.gather(*map(self._calls.call, due[start : start + AT_ONCE]))
        await self._read_nonces()
        await self._targets.recount()
        if self._targets.count().used:
            self._request_sync()

    async def _ask_salts(self) -> None:
        problem = await self._salts.ask(self._targets.salts)
        self._calls.detail = self._calls.detail or problem
        if not any(self._salts.is_invalid(salt) for salt in self._targets.salts):
            return
        async for quote in paced(self._targets.open(), QUOTES_AT_ONCE):
            if is_open(quote) and self._salts.is_invalid(salt_of(quote)):
                self._book.salt_answered(quote.commitment.quote_hash, invalid=True)
                # Its nonce may have been used before, and is still there unless somebody cleaned up.
                self._last_looks.append(quote)

    async def _review(self) -> None:
        now_ns = self._monotonic_ns()
        left: list[Batch] = []
        async for batch in paced(self._batches, BATCHES_AT_ONCE):
            left += batch.review(now_ns)
        self._batches = left

    async def _due(self) -> list[Batch]:
        wall_ns, monotonic_ns = self._wall_ns(), self._monotonic_ns()
        return [batch async for batch in paced(self._batches, BATCHES_AT_ONCE) if batch.is_due(wall_ns, monotonic_ns)]

    async def _record_burning(self, quotes: Sequence[Quote]) -> None:
        # After a crash a used nonce would be taken for a fill.
        fresh = [quote for quote in quotes if not quote.burning]
        async for quote in paced(fresh, QUOTES_AT_ONCE):
            self._book.burn(quote.commitment.quote_hash)
        if not fresh:
            return
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await self._recorder.flush()
        except (TimeoutError, HistoryError):
            # Burning moves no money and must not wait for a disk: the balances decide in any case.
            log.warning("quotes are burned although the history does not confirm the record")

    async def _read_nonces(self) -> None:
        # While a call is in flight, one nonce stands for all of it: thousands need not be asked for again and again.
        reading = list(self._batches)
        quotes = [
            quote async for batch in paced(reading, BATCHES_AT_ONCE) for quote in batch.to_read()
        ] + self._last_looks
        asked = [quote.commitment for quote in quotes]
        used = await self._verifier.used_nonces(self._account, [one.nonce for one in asked])
        for one in asked:
            if one.nonce in used:
                self._book.nonce_used(one.quote_hash, used[one.nonce])
        async for batch in paced(reading, BATCHES_AT_ONCE):
            batch.was_read()
        self._last_looks = []

    def _finish(self) -> None:
        done = self.progress()
        if not self._unfinished or done is None:
            return
        self._unfinished = False
        self._calls.forget()
        self._result = (
            f"of {counted(done.asked, 'quote')}, {done.burned} burned, {done.settled} settled first, "
            f"{done.expired} expired first"
        )
        if done.unburnable:
            until = utc_time(self._wall_ns() + done.unburnable_left_ms * NS_PER_MS)
            self._result += (
                f"; {done.unburnable} with an invalidated salt can neither settle nor be burned: signed until {until}"
            )
        self._recorder.record(
            OperatorAction(
                at_ns=self._wall_ns(),
                command_id=self._new_id(),
                actor="desk",
                command="hard-stop ended",
                arguments="{}",
                accepted=True,
                reason=self._result,
            )
        )
