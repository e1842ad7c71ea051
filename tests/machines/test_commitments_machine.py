"""No signature vanishes before its end, and no more is committed than the balance covers when it is signed.

Any order of sends, answers, claims, confirmations, burnings, expiries, restarts and time; the relay may refuse quotes
that it took, and report those that it refused.
"""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cockpit.desk.quote_book.awaited_answers import ANSWER_WITHIN_NS
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.errors import NotCoveredError
from cockpit.desk.quote_book.refusals import GONE
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.environment import Environment
from cockpit.model.events import Side, TradeResult
from storage.history import FINAL_OUTCOMES
from tests.support.desk.builders import Clock, commitment
from tests.support.desk.leftovers import leftovers
from tests.support.recorder import MemoryRecorder
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.relay.messages import QuoteStatus, StatusEvent

ASSETS = (BTC.token_id, EURE.token_id)
picks = st.integers(0, 10**6)


class Commitments(RuleBasedStateMachine):
    """The book beside a model that keeps every signature until one of its three ends.

    ``live``: the quotes that are committed; ``refused_live``: those that are signed and not committed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.results: list[TradeResult] = []
        self.balance: dict[str, int] = {}
        self.commitments: list[Commitment] = []
        self.live: dict[str, Commitment] = {}
        self.refused_live: dict[str, Commitment] = {}
        self.open: dict[int, Commitment] = {}
        self.claimed: set[str] = set()
        self.filled: set[str] = set()
        self.refused: set[str] = set()
        self.taken_yet: set[str] = set()
        self.burned: set[str] = set()
        self.expired: set[str] = set()
        self.restarts = 0
        self.begin()

    def begin(self) -> None:
        self.reservations = Reservations(DEFAULT_TOKENS)
        self.book = QuoteBook(
            self.reservations, env=Environment(wall_ns=self.clock), recorder=MemoryRecorder(self.results)
        )

    @initialize(base=st.integers(0, 2_000), quote=st.integers(0, 2_000))
    def opening(self, base: int, quote: int) -> None:
        self.balance = {BTC.token_id: base, EURE.token_id: quote}

    def model_reserved(self, asset: str) -> int:
        return sum(one.amount_out for one in self.live.values() if one.asset_out == asset)

    def pick(self, pick: int) -> Commitment | None:
        return self.commitments[pick % len(self.commitments)] if self.commitments else None

    def is_signed(self, made: Commitment) -> bool:
        return made.quote_hash in self.live or made.quote_hash in self.refused_live

    def ended(self, made: Commitment) -> None:
        self.live.pop(made.quote_hash, None)
        self.refused_live.pop(made.quote_hash, None)

    def taken(self, made: Commitment) -> None:
        """The relay or the balances speak of a quote: when it was refused, it is committed again."""
        if self.refused_live.pop(made.quote_hash, None) is not None:
            self.live[made.quote_hash] = made
            self.taken_yet.add(made.quote_hash)

    @rule(
        side=st.sampled_from(["buy", "sell"]),
        amount=st.integers(-1, 1_500),
        life_ms=st.integers(1_000, 20_000),
        margin_ms=st.integers(0, 6_000),
    )
    def send(self, side: Side, amount: int, life_ms: int, margin_ms: int) -> None:
        made = commitment(
            str(len(self.commitments)),
            side=side,
            amount_out=amount,
            sent_ns=self.clock(),
            life_ms=life_ms,
            margin_ms=margin_ms,
        )
        balance = self.balance[made.asset_out]
        covered = 0 < amount <= balance - self.model_reserved(made.asset_out)
        try:
            self.reservations.reserve(made, balance)
        except NotCoveredError:
            assert not covered
            return
        assert covered, "committed more than the balance"
        request_id = len(self.commitments)
        self.book.sent(made, request_id)
        self.commitments.append(made)
        self.live[made.quote_hash] = made
        self.open[request_id] = made

    @rule(request_id=st.integers(-1, 30), error=st.sampled_from([None, GONE, GONE, f"Internal error: {GONE}"]))
    def answer(self, request_id: int, error: str | None) -> None:
        made = self.open.pop(request_id, None)
        burning = made is not None and made.quote_hash in {q.commitment.quote_hash for q in self.book.burning()}
        assert self.book.on_answer(request_id, error) is (made is not None)
        if made is None or error != GONE or burning:
            return
        if made.quote_hash in self.live and made.quote_hash not in self.claimed:
            del self.live[made.quote_hash]
            self.refused_live[made.quote_hash] = made
            self.refused.add(made.quote_hash)

    @rule()
    def lose_the_connection(self) -> None:
        self.book.on_lost("gone")
        self.open.clear()

    @rule(pick=picks)
    def claim(self, pick: int) -> None:
        made = self.pick(pick)
        if made is None:
            assert not self.book.on_status(QuoteStatus("hash-alien", None, None))
            return
        if self.book.on_status(QuoteStatus(made.quote_hash, "intent", "tx")) and self.is_signed(made):
            self.claimed.add(made.quote_hash)
            self.taken(made)

    @rule(pick=picks, event=st.sampled_from(["ready", "failed"]))
    def report(self, pick: int, event: StatusEvent) -> None:
        """Short of a settlement nothing ends, however late and often it is reported."""
        made = self.pick(pick)
        if made is None:
            return
        before = self.book.settling(), self.reservations.signed_count()
        known = self.book.on_status(QuoteStatus(made.quote_hash, "intent", None, event))
        assert known or not self.is_signed(made)
        if self.is_signed(made):
            self.taken(made)
        assert (self.book.settling(), self.reservations.signed_count()) == before

    @rule(pick=picks)
    def confirm(self, pick: int) -> None:
        """The balances show the fill: the amount given has left."""
        made = self.pick(pick)
        if made is None or not self.is_signed(made) or self.balance[made.asset_out] < made.amount_out:
            return
        self.balance[made.asset_out] -= made.amount_out
        self.balance[made.asset_in] += made.amount_in
        self.taken(made)
        self.book.confirm(made.quote_hash, "shown")
        self.filled.add(made.quote_hash)
        self.ended(made)

    @rule(pick=picks)
    def confirm_again(self, pick: int) -> None:
        made = self.pick(pick)
        if made is not None and made.quote_hash in self.filled | self.expired:
            self.book.confirm(made.quote_hash, "shown twice")

    @rule(pick=picks, used=st.booleans())
    def burn(self, pick: int, used: bool) -> None:
        made = self.pick(pick)
        if made is None:
            return
        self.book.burn(made.quote_hash)
        burning = {quote.commitment.quote_hash for quote in self.book.burning()}
        assert not self.is_signed(made) or made.quote_hash in burning | self.claimed
        if used and made.quote_hash in burning:
            self.book.nonce_used(made.quote_hash, 7)
            self.book.nonce_confirmed(made.quote_hash, 7)
            self.book.confirm_burned(7)
            self.burned.add(made.quote_hash)
            self.ended(made)

    @rule(pick=picks)
    def expire(self, pick: int) -> None:
        made = self.pick(pick)
        if made is None:
            return
        expired = made.quote_hash in {one.quote_hash for one in self.book.past_expiry()}
        if expired:
            assert made.released_after_ns <= self.clock()
            self.expired.add(made.quote_hash)
            self.ended(made)
        self.book.expire(made.quote_hash)

    @rule(ms=st.integers(0, 8_000))
    def time_passes(self, ms: int) -> None:
        self.clock.pass_ms(ms)
        self.book.tick(self.clock())
        for request_id, made in list(self.open.items()):
            if made.released_after_ns <= self.clock() and self.clock() - made.sent_ns >= ANSWER_WITHIN_NS:
                del self.open[request_id]

    @rule()
    def restart(self) -> None:
        """A new desk takes over what has no final outcome on record."""
        recorded: dict[str, list[str]] = {made.quote_hash: [] for made in self.commitments}
        for result in self.results:
            recorded[result.quote_hash].append(result.outcome)
        self.begin()
        self.restarts += 1
        self.open.clear()
        for made in self.commitments:
            if not {*FINAL_OUTCOMES} & {*recorded[made.quote_hash]}:
                self.book.restore(made, recorded[made.quote_hash])
        # What the relay reported is told again, or shows in the balances.
        self.claimed -= {*self.live, *self.refused_live}

    @invariant()
    def no_more_is_committed_than_the_balance_covers(self) -> None:
        for asset in ASSETS:
            assert self.reservations.reserved(asset) == self.model_reserved(asset)
            if self.balance and not self.taken_yet:
                assert 0 <= self.reservations.reserved(asset) <= self.balance[asset]

    @invariant()
    def a_signature_is_kept_until_one_of_its_three_ends(self) -> None:
        assert {one.quote_hash for one in self.reservations} == set(self.live)
        assert {one.quote_hash for one in self.reservations.refused} == set(self.refused_live)
        signed = [*self.live.values(), *self.refused_live.values()]
        assert self.reservations.signed_count() == len(signed)
        for asset in ASSETS:
            assert self.reservations.signed_amount(asset) == sum(
                one.amount_out for one in signed if one.asset_out == asset
            )
        last = max((one.released_after_ns for one in self.refused_live.values()), default=0)
        assert self.reservations.refused.last_release_ns() == last

    @invariant()
    def every_outcome_is_recorded_once_and_happened(self) -> None:
        recorded = Counter((result.quote_hash, result.outcome) for result in self.results)
        assert all(count == 1 for count in recorded.values())
        outcomes: dict[str, set[str]] = {
            "refused": self.refused,
            "settled": self.filled,
            "expired": self.expired,
            "burned": self.burned,
        }
        for outcome, expected in outcomes.items():
            assert {name for name, kind in recorded if kind == outcome} == expected
        assert len(self.filled | self.expired | self.burned) == sum(map(len, (self.filled, self.expired, self.burned)))

    @invariant()
    def every_quote_is_counted_once_by_its_answer_and_once_by_its_end(self) -> None:
        if self.restarts:
            return
        count = self.book.counters
        answered = {
            result.quote_hash for result in self.results if result.outcome in ("accepted", "refused", "unknown")
        }
        assert count["accepted"] + count["refused"] + count["unknown"] == len(answered)
        assert count["sent"] == len(self.commitments)
        ended = (self.refused - self.taken_yet) | self.filled | self.expired | self.burned
        assert count["refused"] + count["settled"] + count["expired"] + count["burned"] == len(ended)

    def teardown(self) -> None:
        self.clock.pass_ms(60_000)
        self.book.tick(self.clock())
        for made in self.book.past_expiry():
            self.book.expire(made.quote_hash)
        assert leftovers(self.book) == {}
        assert self.reservations.signed_count() == 0
        assert all(self.reservations.signed_amount(asset) == 0 for asset in ASSETS)


Commitments.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestPromises = Commitments.TestCase
