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
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.burning.burn_batches import Batch, cut, is_open, salt_of
from cockpit.desk.quote_book.burning.burn_calls import BurnCalls
from cockpit.desk.quote_book.burning.salts import Salts
from cockpit.desk.quote_book.quote import OVER, Quote
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
        self._targets: list[Quote] = []
        self._batches: list[Batch] = []
        self._last_looks: list[Quote] = []
        self._salts = Salts(verifier)
        self._calls = BurnCalls(book, signer, relay, self._salts, env)
        self._result = ""
        self._unfinished = False

    def start(self) -> int:
        """Burn every quote that could still settle and return how many; called again, it adds those sent since.

        What is in flight stays so: the relay is not called sooner. The salts are asked for anew.
        """
        if not self._left():
            self._finish()
            self._targets, self._last_looks = [], []
            self._result = self._calls.detail = ""
        known = {quote.commitment.quote_hash for quote in self._targets}
        self._targets += [
            quote
            for commitment in self._book.reservations.signed()
            if commitment.quote_hash not in known and (quote := self._book.get(commitment.quote_hash)) is not None
        ]
        self._salts.forget()
        for quote in self._targets:
            self._book.salt_answered(quote.commitment.quote_hash, invalid=False)
        batched = {id(quote) for batch in self._batches for quote in batch.quotes}
        fresh = [quote for quote in self._targets if is_open(quote) and id(quote) not in batched]
        for refused in (False, True):
            self._batches += cut(quote for quote in fresh if (quote.state == "refused") is refused)
        self._unfinished = bool(self._left())
        self._started.set()
        return len(self._left())

    @property
    def active(self) -> bool:
        return bool(self._left())

    def progress(self) -> HardStopState | None:
        """Return how far it is; None when there was no hard stop in this run."""
        if not self._targets:
            return None
        states = Counter(quote.state for quote in self._targets)
        unburnable = self._unburnable()
        last_ns = max((quote.commitment.released_after_ns for quote in unburnable), default=0)
        return HardStopState(
            asked=len(self._targets),
            burned=states["burned"],
            settled=states["settled"],
            expired=states["expired"],
            left=len(self._left()),
            detail=self._result or self._calls.detail,
            unburnable=len(unburnable),
            unburnable_left_ms=max(0, (last_ns - self._wall_ns()) // NS_PER_MS) if unburnable else 0,
        )

    async def run(self) -> None:
        """Wait for a start and complete it, until cancelled; one that broke off continues with what is left."""
        while True:
            while not self._left():
                await self._started.wait()
                self._started.clear()
            while self._left():
                try:
                    await self._round()
                except VenueError as exc:
                    self._calls.detail = str(exc)
                    await self._pause(PAUSE_S)
                self._review()
                await self._pause(SHORT_PAUSE_S if self._due() else PAUSE_S)
            self._finish()

    def _left(self) -> list[Quote]:
        # A nonce that was seen used ends by the balances, whatever became of its salt.
        return [q for q in self._targets if q.state not in OVER and (q.used_height is not None or not q.salt_invalid)]

    def _unburnable(self) -> list[Quote]:
        return [q for q in self._targets if q.state not in OVER and q.used_height is None and q.salt_invalid]

    async def _round(self) -> None:
        await self._ask_salts()
        self._review()
        due = self._due()
        if due:
            wall_ns = self._wall_ns()
            await self._record_burning([q for one in due if one.publishes(wall_ns) for q in one.burnable(wall_ns)])
            for start in range(0, len(due), AT_ONCE):
                await asyncio.gather(*map(self._calls.call, due[start : start + AT_ONCE]))
        await self._read_nonces()
        if any(quote.used_height is not None for quote in self._left()):
            self._request_sync()

    async def _ask_salts(self) -> None:
        left = [quote for quote in self._targets if is_open(quote)]
        problem = await self._salts.ask(map(salt_of, left))
        self._calls.detail = self._calls.detail or problem
        found = [quote for quote in left if self._salts.is_invalid(salt_of(quote))]
        for quote in found:
            self._book.salt_answered(quote.commitment.quote_hash, invalid=True)
        # Their nonces may have been used before, and are still there unless somebody cleaned up.
        self._last_looks += found

    def _review(self) -> None:
        now_ns = self._monotonic_ns()
        self._batches = [rest for batch in self._batches for rest in batch.review(now_ns)]

    def _due(self) -> list[Batch]:
        wall_ns, monotonic_ns = self._wall_ns(), self._monotonic_ns()
        return [batch for batch in self._batches if batch.is_due(wall_ns, monotonic_ns)]

    async def _record_burning(self, quotes: Sequence[Quote]) -> None:
        # After a crash a used nonce would be taken for a fill.
        fresh = [quote for quote in quotes if not quote.burning]
        for quote in fresh:
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
        quotes = [quote for batch in reading for quote in batch.to_read()] + self._last_looks
        asked = [quote.commitment for quote in quotes]
        used = await self._verifier.used_nonces(self._account, [one.nonce for one in asked])
        for one in asked:
            if one.nonce in used:
                self._book.nonce_used(one.quote_hash, used[one.nonce])
        for batch in reading:
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
