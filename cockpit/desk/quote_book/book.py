"""The life of each signed quote: sent, then accepted, refused or unknown, then settled, expired or burned.

A quote without an answer is *unknown*, never *refused*: only an answer that refuses it releases what it commits. A
refused quote stays in the book until it is over, as any other: whoever has the signature may settle it. When the relay
or the balances show that it was taken after all, it is committed again.

A ``quote_status`` is a claim that the Verifier's balances confirm (inventory sync calls ``confirm``). The nonce of a
quote that is being burned may have been used by its burning or by its settlement: the balances decide that too.

Statuses come late, more than once and in any order: those missed during a lost connection are delivered after it.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from sys import intern
from typing import Literal

from cockpit.accounting.duration_histogram import FILL_NS, DurationHistogram
from cockpit.desk.quote_book.awaited_answers import AwaitedAnswers
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.expiries import Expiries
from cockpit.desk.quote_book.quote import OVER, Quote
from cockpit.desk.quote_book.refusals import refuses
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.bounded_set import BoundedSet
from cockpit.model.environment import Environment
from cockpit.model.events import Outcome, TradeResult
from cockpit.model.recorder import Recorder
from venue.relay.messages import QuoteStatus, StatusEvent

MAX_ENDED = 50_000
"""Quotes that are over and still recognised when a status of theirs comes late."""
QUOTES_PER_SLICE = 30
"""Quotes moved without a pause, at most 0.15 ms: a request that arrives meanwhile waits no longer."""
PROGRESS: dict[StatusEvent, Outcome] = {"ready": "ready_to_settle", "failed": "settle_failed"}
"""What is recorded of a quote that the relay reports short of a settlement; it ends nothing."""
CHOSEN = "a taker chose this quote; it is being settled"
TAKEN_YET = "the relay refused it, and yet it was taken: it is committed again"
NOT_SETTLED = "an attempt to settle it failed; the quote stays live until its deadline"
SALT_INVALID = "its salt was invalidated: it can neither settle nor be burned, and stays signed until it expires"


class QuoteBook:
    """Every quote of this run until it has expired, their reservations, and the newest for the screen.

    ``on_fill`` gets each fill once, as it is booked. ``reached``: how often a quote came to each outcome; it never
    falls, as ``counters`` do where a later outcome corrects one. ``to_fill``: from the request to the relay's report of
    the settlement, where there is one; ``to_booking``: from there until it was booked. ``over_before_ns``: see
    ``note_over``.
    """

    def __init__(
        self,
        reservations: Reservations,
        *,
        env: Environment,
        recorder: Recorder,
        on_fill: Callable[[Commitment], None] = lambda commitment: None,
        shown: int = 200,
    ) -> None:
        self.reservations = reservations
        self.counters: Counter[str] = Counter()
        self.reached: Counter[Outcome] = Counter()
        self.to_fill = DurationHistogram(FILL_NS)
        self.to_booking = DurationHistogram(FILL_NS)
        self.recent: deque[Quote] = deque(maxlen=shown)
        self.fills: deque[Quote] = deque(maxlen=shown)
        self._on_fill = on_fill
        self._record = recorder.record
        self._wall_ns = env.wall_ns
        self._quotes: dict[str, Quote] = {}
        self._awaited = AwaitedAnswers()
        self._settling: dict[str, Quote] = {}
        self._burning: dict[str, Quote] = {}
        self._past_expiry: dict[str, Quote] = {}
        self._last_past_ns = 0
        self._restored: set[str] = set()
        self._expiries = Expiries()
        self._ended = BoundedSet(MAX_ENDED)
        self.over_before_ns = 0

    def sent(self, commitment: Commitment, request_id: int) -> None:
        """Take a quote that was written to the relay; its amount is reserved already."""
        quote = Quote(commitment, request_id)
        self._quotes[commitment.quote_hash] = quote
        self._awaited.add(quote)
        self._expiries.add(quote)
        self.recent.append(quote)
        self.counters["sent"] += 1

    def restore(self, commitment: Commitment, outcomes: Sequence[str]) -> None:
        """Take over a quote of an earlier run: it is signed until it has expired, and committed unless it was refused,
        covered or not."""
        # Written out, as tens of thousands are taken over while a start waits.
        taken = "accepted" in outcomes or "ready_to_settle" in outcomes or "settle_failed" in outcomes
        refused = "refused" in outcomes and not taken
        quote = Quote(commitment, 0, "refused" if refused else "accepted" if taken else "unknown")
        self._quotes[commitment.quote_hash] = quote
        self.reservations.restore(commitment, refused=refused)
        self._restored.add(commitment.quote_hash)
        self._expiries.add(quote)
        self.recent.append(quote)
        self.counters["restored"] += 1
        for event, outcome in PROGRESS.items():
            if outcome in outcomes:
                quote.reported |= {event}
        if "burning" in outcomes:
            quote.burning, quote.state = True, "burning"
            self._burning[commitment.quote_hash] = quote
        if not outcomes:
            self._note(quote, "unknown", "the previous run ended before the relay answered")

    def recognise(self, quote_hash: str) -> None:
        """Know a quote of an earlier run that is over, for a status of it that comes late."""
        self._ended.add(quote_hash)

    def on_answer(self, request_id: int, error: str | None, code: int | None = None) -> bool:
        """Take the relay's answer to a quote; return whether it answers one. A late answer corrects *unknown*.

        Only a known code or a whole known text releases the amount. Any other error may have come up after the quote
        was taken.
        """
        quote = self._awaited.answered(request_id)
        if quote is None:
            return False
        if quote.state not in ("sent", "unknown"):
            return True
        # The same few texts answer thousands of quotes.
        error = None if error is None else intern(error)
        refused = error is not None and refuses(error, code)
        corrected = quote.state == "unknown" and (error is None or refused)
        self.counters["unknown"] -= corrected
        if error is None:
            self._move(quote, "accepted", "")
        elif refused:
            quote.refused = True
            self.reservations.refuse(quote.commitment.quote_hash)
            self._move(quote, "refused", error)
        elif quote.state == "sent":
            self._move(quote, "unknown", error)
        return True

    def on_status(self, status: QuoteStatus) -> bool:
        """Take what the relay reports of a quote; return whether the quote is ours.

        A reported settlement stays reserved until the balances confirm it. A failed one releases nothing: whoever holds
        the signature may try again. Of a quote that is over, nothing changes. One that was refused is committed again.
        """
        quote = self._quotes.get(status.quote_hash)
        if quote is None:
            late = status.quote_hash in self._ended
            self.counters["late_statuses"] += late
            return late
        if quote.state == "burned":
            # The balances have shown that no fill used its nonce.
            self.counters["late_statuses"] += 1
            return True
        self._put_back(quote)
        if status.event != "settled":
            self._note_progress(quote, status)
        elif quote.state not in ("settling", "settled"):
            quote.state = "settling"
            quote.reported_ns = min(self._wall_ns(), quote.commitment.deadline_ns)
            quote.status = status
            quote.tx_hash = status.tx_hash
            self._settling[status.quote_hash] = quote
            self.reservations.exercise(status.quote_hash)
        return True

    def _put_back(self, quote: Quote) -> None:
        """Commit a refused quote again; others stay as they are."""
        if not self.reservations.put_back(quote.commitment.quote_hash):
            return
        self.counters["refused"] -= quote.refused
        self.counters["refused_yet_taken"] += 1
        quote.refused = False
        if quote.state == "refused":
            quote.state = "accepted"
        self._note(quote, "accepted", TAKEN_YET)

    def _note_progress(self, quote: Quote, status: QuoteStatus) -> None:
        if status.event in quote.reported or quote.state == "settled":
            return
        quote.reported |= {status.event}
        detail = CHOSEN if status.event == "ready" else NOT_SETTLED
        self._note(quote, PROGRESS[status.event], detail, intent_hash=status.intent_hash, tx_hash=status.tx_hash)

    def settled_in(self, quote_hash: str, tx_hash: str) -> None:
        """Note the transaction that settled the quote, before the settlement is booked."""
        quote = self._quotes.get(quote_hash)
        if quote is not None and quote.tx_hash is None:
            quote.tx_hash = tx_hash

    def on_lost(self, reason: str) -> None:
        """The connection was lost: what was not answered is unknown."""
        for quote in self._awaited.all_lost():
            if quote.state == "sent":
                self._move(quote, "unknown", reason)

    def tick(self, now_ns: int) -> None:
        """Mark what was not answered in time, and release what has expired."""
        for _ in self.tick_in_slices(now_ns):
            pass

    def tick_in_slices(self, now_ns: int) -> Iterator[None]:
        """Do the same, with a pause after every few quotes: at a thousand requests a second hundreds expire at once."""
        for n, quote in enumerate(self._awaited.overdue(now_ns), 1):
            if quote.state == "sent":
                self._move(quote, "unknown", "the relay did not answer")
            if n % QUOTES_PER_SLICE == 0:
                yield
        while due := self._expiries.take_due(now_ns, QUOTES_PER_SLICE):
            for quote in due:
                self._release(quote, now_ns)
            yield

    def _release(self, quote: Quote, now_ns: int) -> None:
        quote_hash, deadline_ns = quote.commitment.quote_hash, quote.commitment.deadline_ns
        self._awaited.released(quote, now_ns)
        if quote.state in OVER:
            self._forget(quote_hash)
        elif self._past_expiry and deadline_ns < self._last_past_ns:
            # The clock was set back: they stay in the order of their deadlines.
            waiting = sorted((*self._past_expiry.values(), quote), key=lambda one: one.commitment.deadline_ns)
            self._past_expiry = {one.commitment.quote_hash: one for one in waiting}
        else:
            self._past_expiry[quote_hash], self._last_past_ns = quote, deadline_ns

    def note_over(self) -> int:
        """Return, for history, a time before which every quote of the book has had its deadline and its end.

        Until the next one nothing may be signed that has its deadline earlier, whatever the clock is set to: a start
        looks only for the others.
        """
        first = next(iter(self._past_expiry.values()), None)
        left = None if first is None else first.commitment.deadline_ns
        times = self._wall_ns(), left, self._expiries.first_deadline_ns()
        self.over_before_ns = min(one for one in times if one is not None)
        return self.over_before_ns

    def contains(self, quote_hash: str) -> bool:
        """Return whether the quote is known here and has not been released after its expiry."""
        return quote_hash in self._quotes

    def get(self, quote_hash: str) -> Quote | None:
        return self._quotes.get(quote_hash)

    @property
    def settling_count(self) -> int:
        return len(self._settling)

    @property
    def past_expiry_count(self) -> int:
        return len(self._past_expiry)

    def settling(self) -> tuple[Commitment, ...]:
        """Return quotes that the relay reports settled and the balances have not confirmed yet."""
        return tuple(quote.commitment for quote in self._settling.values())

    def reported(self) -> tuple[Quote, ...]:
        """Return quotes that the relay reports settled: those not confirmed yet, and the fills, oldest first."""
        return (*self.fills, *self._settling.values())

    @property
    def restored_count(self) -> int:
        """How many quotes of earlier runs could still settle."""
        return len(self._restored)

    def burning(self) -> tuple[Quote, ...]:
        """Return quotes whose nonce is being burned and that are not reported settled."""
        return tuple(quote for quote in self._burning.values() if quote.state == "burning")

    def burn(self, quote_hash: str) -> None:
        """Record, once, that the quote's nonce may be used by its burning from now on."""
        quote = self._quotes.get(quote_hash)
        if quote is None or quote.burning or quote.state in OVER:
            return
        quote.burning = True
        self._burning[quote_hash] = quote
        self._note(quote, "burning", "an empty intent with its nonce is being published")
        if quote.state != "settling":
            quote.state = "burning"

    def nonce_used(self, quote_hash: str, height: int) -> None:
        """Note that a block at this height, or an earlier one, has used the quote's nonce."""
        quote = self._quotes.get(quote_hash)
        if quote is not None and quote.used_height is None:
            quote.used_height = height

    def unconfirmed(self, most: int) -> tuple[Commitment, ...]:
        """Return quotes being burned, at most so many, whose nonce one endpoint alone shows used."""
        waiting = (q for q in self._burning.values() if q.used_height is not None and q.confirmed_height is None)
        return tuple(quote.commitment for quote in islice(waiting, most))

    def nonce_confirmed(self, quote_hash: str, height: int) -> None:
        """Note that by a block at this height enough endpoints show the quote's nonce used."""
        quote = self._quotes.get(quote_hash)
        if quote is not None and quote.confirmed_height is None:
            quote.confirmed_height = height

    def burn_reported(self, quote_hash: str, tx_hash: str | None) -> None:
        """Note that the relay reported the burning as executed, in this transaction."""
        quote = self._quotes.get(quote_hash)
        if quote is not None and quote.burning:
            quote.burn_reported = True
            quote.burn_tx = tx_hash

    def salt_answered(self, quote_hash: str, *, invalid: bool) -> None:
        """Note whether a node said that the quote's salt was invalidated. It stays signed until it has expired."""
        quote = self._quotes.get(quote_hash)
        if quote is None or quote.state in OVER or quote.salt_invalid == invalid:
            return
        quote.salt_invalid, quote.detail = invalid, SALT_INVALID if invalid else ""

    def confirm_burned(self, height: int) -> None:
        """The balances at this height are explained: a nonce used by then, and not by a fill in them, was burned."""
        for quote in list(self._burning.values()):
            used = quote.confirmed_height
            if used is not None and used <= height and quote.state == "burning":
                self._end(quote)
                quote.tx_hash = quote.burn_tx
                self._move(quote, "burned", "its nonce is used and the balances show no fill")
                self.counters["burned"] -= quote.refused

    @property
    def has_past_expiry(self) -> bool:
        """Whether there is a quote that ``past_expiry`` would return."""
        return bool(self._past_expiry)

    def past_expiry(self) -> tuple[Commitment, ...]:
        """Return expired quotes that no reading has shown to be unsettled yet; they stay reserved until one does."""
        return tuple(quote.commitment for quote in self._past_expiry.values())

    def confirm(self, quote_hash: str, detail: str, *, while_away: bool = False) -> None:
        """Book the fill that the Verifier shows, once, and release its reservation.

        ``while_away``: it settled while no desk was running, so that a report of it tells no time.
        """
        quote = self._quotes.get(quote_hash)
        if quote is None or quote.state == "settled":
            return
        self._put_back(quote)
        self._end(quote)
        quote.settled_ns = self._wall_ns()
        if while_away:
            quote.reported_ns = None
        if quote.reported_ns is not None:
            self.to_fill.note(quote.reported_ns - quote.commitment.sent_ns)
            self.to_booking.note(quote.settled_ns - quote.reported_ns)
        self.fills.append(quote)
        self._move(quote, "settled", detail)
        self._on_fill(quote.commitment)

    def expire(self, quote_hash: str, detail: str = "") -> None:
        """Release an expired quote that the Verifier does not show settled."""
        quote = self._past_expiry.get(quote_hash)
        if quote is None:
            return
        self._end(quote)
        self._move(quote, "expired", detail)
        # A refused quote counts by its refusal.
        self.counters["expired"] -= quote.refused

    def _end(self, quote: Quote) -> None:
        quote_hash = quote.commitment.quote_hash
        self._settling.pop(quote_hash, None)
        self._burning.pop(quote_hash, None)
        if self._past_expiry.pop(quote_hash, None) is not None:
            self._forget(quote_hash)
        self.reservations.release(quote_hash)
        self._restored.discard(quote_hash)

    def _forget(self, quote_hash: str) -> None:
        del self._quotes[quote_hash]
        self._ended.add(quote_hash)

    def _move(
        self,
        quote: Quote,
        state: Literal["accepted", "refused", "unknown", "settled", "expired", "burned"],
        detail: str,
    ) -> None:
        quote.state = state
        self._note(quote, state, detail)

    def _note(
        self,
        quote: Quote,
        outcome: Outcome,
        detail: str,
        *,
        intent_hash: str | None = None,
        tx_hash: str | None = None,
    ) -> None:
        quote.detail = detail
        self.counters[outcome] += 1
        self.reached[outcome] += 1
        commitment, status = quote.commitment, quote.status
        self._record(
            TradeResult(
                at_ns=self._wall_ns(),
                command_id=commitment.command_id,
                quote_id=commitment.quote_id,
                quote_hash=commitment.quote_hash,
                outcome=outcome,
                detail=detail,
                intent_hash=status.intent_hash if status else intent_hash,
                tx_hash=quote.tx_hash or tx_hash,
                request_kind=commitment.request_kind,
                settled_ns=(quote.reported_ns or 0) if outcome == "settled" else None,
            )
        )
