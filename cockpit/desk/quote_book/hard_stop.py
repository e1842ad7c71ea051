"""The hard stop: burns live quotes before their deadline, with an empty intent that uses their nonce.

Our intent and a settlement race for each nonce, and the chain lets one of them win. Publishing the same intent again
changes nothing, so lost answers, late ones and crashes are all handled by doing it again. The balances show which one
won: a nonce that is used, at a height whose balances are explained without the fill, was burned.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.quote import OVER, Quote
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from cockpit.model.recorder import Recorder
from cockpit.model.snapshot import HardStopState
from storage.errors import HistoryError
from venue.protocol.units import NS_PER_S
from venue.relay.rpc import RelayRpc
from venue.signing.errors import RefusedToSignError
from venue.signing.signer import Signer
from venue.transport.errors import RefusedError, VenueError
from venue.verifier import Verifier

log = logging.getLogger(__name__)

BATCH = 25
"""Intents in one call: its logs may not pass 16 KiB, and about 28 (14 maker/taker pairs) are known to keep to that."""
PAUSE_S = 0.5
SHORT_PAUSE_S = 0.1
"""Between two rounds while something is to be published again at once."""
REPUBLISH_NS = 5 * NS_PER_S
"""What has not been executed by then is published again."""
DURABLE_WITHIN_S = 2.0

NONCE_USED = "nonce was already used"
"""The contract's text for a call with a quote that was settled: its nonce shows which one."""


class _Batch(msgspec.Struct, frozen=True):
    """Quotes burned by one call, which is executed as a whole; ``at_ns``: when it was published, UTC."""

    quotes: tuple[Quote, ...]
    intent_hash: str
    at_ns: int


class HardStopRun:
    """Burns the quotes live when ``start`` is called, until none of them is. Runs beside everything else.

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
        self._signer = signer
        self._relay = relay
        self._verifier = verifier
        self._recorder = recorder
        self._request_sync = request_sync
        self._wall_ns = env.wall_ns
        self._new_id = env.new_id
        self._pause = pause
        self._started = asyncio.Event()
        self._targets: list[Quote] = []
        self._signed: dict[str, tuple[bytes, str]] = {}
        self._batches: list[_Batch] = []
        self._size = BATCH
        self._detail = ""
        self.counters: Counter[str] = Counter()

    def start(self) -> int:
        """Burn every quote that is live now and return how many; called again, it adds those sent since."""
        known = {quote.commitment.quote_hash for quote in self._targets}
        if not self._left():
            self._targets, known = [], set()
        for commitment in self._book.reservations:
            quote = self._book.get(commitment.quote_hash)
            if quote is not None and commitment.quote_hash not in known:
                self._targets.append(quote)
        self._batches, self._size = [], BATCH
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
        return HardStopState(
            asked=len(self._targets),
            burned=states["burned"],
            settled=states["settled"],
            expired=states["expired"],
            left=len(self._left()),
            detail=self._detail,
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
                    self._detail = str(exc)
                    await self._pause(PAUSE_S)
                await self._pause(SHORT_PAUSE_S if self._due() else PAUSE_S)
            self._finish()

    def _left(self) -> list[Quote]:
        return [quote for quote in self._targets if quote.state not in OVER]

    async def _round(self) -> None:
        due = self._due()
        if due:
            await self._record_burning(due)
            await self._publish(due)
        await self._ask_relay()
        # While a call is in flight at the relay, thousands of nonces need not be asked for again and again.
        waiting = self._in_flight()
        unproven = [
            q.commitment for q in self._left() if q.used_height is None and q.commitment.quote_hash not in waiting
        ]
        used = await self._verifier.used_nonces(self._account, [one.nonce for one in unproven])
        for one in unproven:
            if one.nonce in used:
                self._book.nonce_used(one.quote_hash, used[one.nonce])
        if any(quote.used_height is not None for quote in self._left()):
            self._request_sync()

    def _due(self) -> list[Quote]:
        # What can still be burned and is not in flight.
        now = self._wall_ns()
        self._batches = [batch for batch in self._batches if 0 <= now - batch.at_ns < REPUBLISH_NS]
        in_flight = self._in_flight()
        return [
            quote
            for quote in self._left()
            if quote.used_height is None
            and quote.commitment.deadline_ns > now
            and quote.commitment.quote_hash not in in_flight
            and self._sign(quote)
        ]

    def _in_flight(self) -> set[str]:
        return {quote.commitment.quote_hash for batch in self._batches for quote in batch.quotes}

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

    async def _publish(self, quotes: Sequence[Quote]) -> None:
        size = self._size
        for start in range(0, len(quotes), size):
            some = tuple(quotes[start : start + size])
            try:
                reason = await self._publish_batch(some)
                self._detail = "published; waiting for the chain"
            except RefusedError as exc:
                reason = str(exc)
            except VenueError as exc:
                # It may have arrived: its status, or the time, will show.
                reason, self._detail = "", str(exc)
            self.counters["published"] += len(some)
            if not reason:
                self._batches.append(_Batch(some, self._signed[some[0].commitment.quote_hash][1], self._wall_ns()))
                continue
            self._detail = f"the relay refused a call of {len(some)}: {reason}"
            self.counters["refused"] += 1
            if NONCE_USED not in reason:
                # One intent that cannot run fails its whole call, and the relay does not name it: try smaller calls.
                self._size = max(1, self._size // 2)

    async def _publish_batch(self, quotes: Sequence[Quote]) -> str:
        # The reason for which the relay refused; empty when it accepted.
        bodies = [self._signed[quote.commitment.quote_hash][0] for quote in quotes]
        if len(bodies) == 1:
            one = await self._relay.publish_intent(bodies[0])
            return "" if one.accepted else one.reason or "no reason given"
        many = await self._relay.publish_intents(bodies)
        return "" if many.accepted else many.reason or "no reason given"

    def _sign(self, quote: Quote) -> bool:
        name = quote.commitment.quote_hash
        if name not in self._signed:
            try:
                signed = self._signer.sign_burning(quote.commitment.nonce)
            except RefusedToSignError as exc:
                self._detail = str(exc)
                return False
            self._signed[name] = (signed.sent, signed.hash)
        return True

    async def _ask_relay(self) -> None:
        # Its reports distinguish equal fills and burnings, where balances cannot.
        for batch in list(self._batches):
            try:
                status = await self._relay.get_status(batch.intent_hash)
            except VenueError as exc:
                # The chain is asked instead, and the call is made again.
                self._detail = str(exc)
                self._batches.remove(batch)
                continue
            if status.status == "SETTLED":
                for quote in batch.quotes:
                    self._book.burn_reported(quote.commitment.quote_hash, status.tx_hash)
            if status.status == "SETTLED" or status.failed:
                self._batches.remove(batch)

    def _finish(self) -> None:
        done = self.progress()
        assert done is not None
        self._signed.clear()
        self._batches.clear()
        self._detail = (
            f"of {done.asked} quotes {done.burned} were burned, {done.settled} had settled and {done.expired} expired"
        )
        self._recorder.record(
            OperatorAction(
                at_ns=self._wall_ns(),
                command_id=self._new_id(),
                actor="desk",
                command="hard-stop ended",
                arguments="{}",
                accepted=True,
                reason=self._detail,
            )
        )
