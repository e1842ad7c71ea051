"""Never more committed than the balance: any order of sends, answers, claims, confirmations, expiries and time."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cockpit.desk.quote_book.book import ANSWER_WITHIN_NS, QuoteBook
from cockpit.desk.quote_book.errors import NotCoveredError
from cockpit.desk.quote_book.refusals import GONE
from cockpit.desk.quote_book.reservations import Commitment, Reservations
from cockpit.model.environment import Environment
from cockpit.model.events import Side, TradeResult
from tests.support.desk.builders import Clock, commitment
from tests.support.desk.leftovers import leftovers
from tests.support.recorder import MemoryRecorder
from venue.protocol.tokens import BTC, EURE
from venue.relay.messages import QuoteStatus, StatusEvent

ASSETS = (BTC.token_id, EURE.token_id)
picks = st.integers(0, 10**6)


class Commitments(RuleBasedStateMachine):
    """The book beside a model that keeps every commitment until one of its four ends."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.results: list[TradeResult] = []
        self.reservations = Reservations()
        self.book = QuoteBook(
            self.reservations, env=Environment(wall_ns=self.clock), recorder=MemoryRecorder(self.results)
        )
        self.balance: dict[str, int] = {}
        self.commitments: list[Commitment] = []
        self.live: dict[str, Commitment] = {}
        self.open: dict[int, Commitment] = {}
        self.claimed: set[str] = set()
        self.filled: set[str] = set()
        self.refused: set[str] = set()
        self.expired: set[str] = set()

    @initialize(base=st.integers(0, 2_000), quote=st.integers(0, 2_000))
    def opening(self, base: int, quote: int) -> None:
        self.balance = {BTC.token_id: base, EURE.token_id: quote}

    def model_reserved(self, asset: str) -> int:
        return sum(one.amount_out for one in self.live.values() if one.asset_out == asset)

    def pick(self, pick: int) -> Commitment | None:
        return self.commitments[pick % len(self.commitments)] if self.commitments else None

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

    @rule(request_id=st.integers(-1, 30), error=st.sampled_from([None, GONE, f"Internal error: {GONE}"]))
    def answer(self, request_id: int, error: str | None) -> None:
        made = self.open.pop(request_id, None)
        assert self.book.on_answer(request_id, error) is (made is not None)
        ended = self.claimed | self.filled | self.expired
        if made is not None and error == GONE and made.quote_hash not in ended:
            self.refused.add(made.quote_hash)
            self.live.pop(made.quote_hash, None)

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
        if self.book.on_status(QuoteStatus(made.quote_hash, "intent", "tx")):
            self.claimed.add(made.quote_hash)

    @rule(pick=picks, event=st.sampled_from(["ready", "failed"]))
    def report(self, pick: int, event: StatusEvent) -> None:
        """Short of a settlement nothing ends, however late and often it is reported."""
        made = self.pick(pick)
        if made is None:
            return
        before = self.book.settling(), len(self.reservations)
        assert self.book.on_status(QuoteStatus(made.quote_hash, "intent", None, event))
        assert (self.book.settling(), len(self.reservations)) == before

    @rule(pick=picks)
    def confirm(self, pick: int) -> None:
        """The balances show the fill: the amount given has left."""
        made = self.pick(pick)
        if made is None or not self.book.contains(made.quote_hash) or made.quote_hash in self.filled:
            return
        if made.quote_hash in self.live:
            self.balance[made.asset_out] -= made.amount_out
            self.balance[made.asset_in] += made.amount_in
        self.book.confirm(made.quote_hash, "shown")
        self.filled.add(made.quote_hash)
        self.live.pop(made.quote_hash, None)

    @rule(pick=picks)
    def confirm_again(self, pick: int) -> None:
        made = self.pick(pick)
        if made is not None and made.quote_hash in self.filled | self.expired:
            self.book.confirm(made.quote_hash, "shown twice")

    @rule(pick=picks)
    def expire(self, pick: int) -> None:
        made = self.pick(pick)
        if made is None:
            return
        expired = made.quote_hash in {one.quote_hash for one in self.book.past_expiry()}
        if expired:
            assert made.released_after_ns <= self.clock()
            self.expired.add(made.quote_hash)
            self.live.pop(made.quote_hash, None)
        self.book.expire(made.quote_hash)

    @rule(ms=st.integers(0, 8_000))
    def time_passes(self, ms: int) -> None:
        self.clock.pass_ms(ms)
        self.book.tick(self.clock())
        for request_id, made in list(self.open.items()):
            if made.released_after_ns <= self.clock() and self.clock() - made.sent_ns >= ANSWER_WITHIN_NS:
                del self.open[request_id]

    @invariant()
    def never_more_committed_than_the_balance(self) -> None:
        for asset in ASSETS:
            assert self.reservations.reserved(asset) == self.model_reserved(asset)
            if self.balance:
                assert 0 <= self.reservations.reserved(asset) <= self.balance[asset]

    @invariant()
    def a_commitment_is_released_only_by_its_four_ends(self) -> None:
        assert {one.quote_hash for one in self.reservations} == set(self.live)

    @invariant()
    def every_outcome_is_recorded_once_and_happened(self) -> None:
        recorded = Counter((result.quote_hash, result.outcome) for result in self.results)
        assert all(count == 1 for count in recorded.values())
        outcomes: dict[str, set[str]] = {"refused": self.refused, "settled": self.filled, "expired": self.expired}
        for outcome, expected in outcomes.items():
            assert {name for name, kind in recorded if kind == outcome} == expected
        assert not self.filled & self.expired

    @invariant()
    def every_quote_is_counted_once_by_its_answer_and_once_by_its_end(self) -> None:
        count = self.book.counters
        answered = {
            result.quote_hash for result in self.results if result.outcome in ("accepted", "refused", "unknown")
        }
        assert count["accepted"] + count["refused"] + count["unknown"] == len(answered)
        assert count["sent"] == len(self.commitments)
        ended = set(self.refused - self.filled) | self.filled | self.expired
        assert count["refused"] + count["settled"] + count["expired"] == len(ended)

    def teardown(self) -> None:
        self.clock.pass_ms(60_000)
        self.book.tick(self.clock())
        for made in self.book.past_expiry():
            self.book.expire(made.quote_hash)
        assert leftovers(self.book) == {}
        assert len(self.reservations) == 0
        assert all(self.reservations.reserved(asset) == 0 for asset in ASSETS)


Commitments.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestPromises = Commitments.TestCase
