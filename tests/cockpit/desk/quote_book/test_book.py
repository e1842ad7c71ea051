from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quote_book.awaited_answers import ANSWER_WITHIN_NS
from cockpit.desk.quote_book.book import TAKEN_YET, QuoteBook
from cockpit.desk.quote_book.errors import NotCoveredError
from cockpit.desk.quote_book.refusals import GONE, GONE_CODE
from cockpit.desk.quote_book.reservations import CommitmentSet, Reservations
from cockpit.desk.snapshots.quote_rows import live_quotes
from cockpit.model.bounded_set import BoundedSet
from cockpit.model.environment import Environment
from cockpit.model.events import TradeResult
from tests.support.desk.builders import NOW, Clock, commitment
from tests.support.desk.leftovers import leftovers
from tests.support.recorder import MemoryRecorder
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.relay.messages import QuoteStatus, StatusEvent


class Desk:
    """A quote book, what it recorded, and its clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.results: list[TradeResult] = []
        self.reservations = Reservations(DEFAULT_TOKENS)
        self.book = QuoteBook(
            self.reservations, env=Environment(wall_ns=self.clock), recorder=MemoryRecorder(self.results)
        )
        self._request = 0

    def send(self, name: str = "p", *, amount_out: int = 1_000, life_ms: int = 60_000) -> int:
        """Reserve and send a quote; its request id."""
        made = commitment(name, amount_out=amount_out, sent_ns=self.clock.now_ns, life_ms=life_ms)
        self.reservations.reserve(made, 10**9)
        self._request += 1
        self.book.sent(made, self._request)
        return self._request

    def outcomes(self) -> list[str]:
        """Return the outcomes recorded, in order."""
        return [result.outcome for result in self.results]

    @property
    def reserved(self) -> int:
        return self.reservations.reserved(EURE.token_id)

    @property
    def signed(self) -> int:
        return self.reservations.signed_amount(EURE.token_id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def status(name: str = "p") -> QuoteStatus:
    return QuoteStatus(f"hash-{name}", "intent-1", "tx-1")


def test_the_last_available_unit_can_be_committed_and_not_one_more() -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    reservations.reserve(commitment("one", amount_out=600), 1_000)
    with pytest.raises(NotCoveredError):
        reservations.reserve(commitment("two", amount_out=401), 1_000)
    reservations.reserve(commitment("three", amount_out=400), 1_000)
    assert reservations.reserved(EURE.token_id) == 1_000
    assert len(reservations) == 2


@pytest.mark.parametrize("amount", [0, -1])
def test_a_commitment_of_zero_or_less_is_refused(amount: int) -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    with pytest.raises(NotCoveredError):
        reservations.reserve(commitment(amount_out=amount), 1_000)
    assert reservations.reserved(EURE.token_id) == 0


def test_the_same_quote_is_not_reserved_twice() -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    reservations.reserve(commitment(), 10_000)
    with pytest.raises(ValueError, match="reserved already"):
        reservations.reserve(commitment(), 10_000)
    assert reservations.reserved(EURE.token_id) == 1_000


def test_the_two_assets_are_reserved_apart() -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    reservations.reserve(commitment("buy", side="buy", amount_out=5), 5)
    reservations.reserve(commitment("sell", side="sell", amount_out=7), 7)
    assert (reservations.reserved(EURE.token_id), reservations.reserved(BTC.token_id)) == (5, 7)


def test_a_second_release_does_nothing() -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    reservations.reserve(commitment("one"), 10_000)
    reservations.reserve(commitment("two"), 10_000)
    assert reservations.release("hash-one") is not None
    assert reservations.release("hash-one") is None
    assert reservations.reserved(EURE.token_id) == 1_000


def test_the_last_release_is_kept_within_a_second_over_any_order_of_ends() -> None:
    found = CommitmentSet(DEFAULT_TOKENS)
    made = [commitment(str(n), life_ms=1_000 + (n * 7_919) % 5_000) for n in range(500)]
    for one in made:
        found.add(one)
    assert found.last_release_ns() == max(one.released_after_ns for one in made)
    left = dict.fromkeys(one.quote_hash for one in made)
    for one in sorted(made, key=lambda one: hash(one.quote_hash)):
        last_ns = max(other.released_after_ns for other in made if other.quote_hash in left)
        assert 0 <= found.last_release_ns() - last_ns < NS_PER_S
        assert found.remove(one.quote_hash) is one
        del left[one.quote_hash]
    assert (found.last_release_ns(), found.amount(EURE.token_id), len(found), found._releases) == (0, 0, 0, {})


def test_the_last_release_is_the_latest_of_all() -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    assert reservations.last_release_ns() == 0
    long = commitment("long", life_ms=90_000)
    reservations.reserve(long, 10_000)
    reservations.reserve(commitment("short"), 10_000)
    assert reservations.last_release_ns() == long.released_after_ns


def test_an_accepted_quote_stays_reserved(desk: Desk) -> None:
    request = desk.send()
    assert desk.book.on_answer(request, None)
    assert desk.outcomes() == ["accepted"]
    assert desk.reserved == 1_000


def test_a_refused_quote_is_released_with_the_relays_reason(desk: Desk) -> None:
    request = desk.send()
    assert desk.book.on_answer(request, GONE)
    assert desk.outcomes() == ["refused"]
    assert desk.results[0].detail == GONE
    assert desk.reserved == 0


def test_no_answer_is_unknown_not_refused_and_stays_reserved(desk: Desk) -> None:
    desk.send()
    desk.clock.now_ns += ANSWER_WITHIN_NS - 1
    desk.book.tick(desk.clock())
    assert desk.outcomes() == []
    desk.clock.now_ns += 1
    desk.book.tick(desk.clock())
    desk.book.tick(desk.clock())
    assert desk.outcomes() == ["unknown"]
    assert desk.reserved == 1_000


def test_a_lost_connection_leaves_every_unanswered_quote_unknown_and_reserved(desk: Desk) -> None:
    answered = desk.send("answered")
    desk.send("open")
    desk.book.on_answer(answered, None)
    desk.book.on_lost("the relay connection was lost")
    assert desk.outcomes() == ["accepted", "unknown"]
    assert desk.results[1].quote_hash == "hash-open"
    assert desk.reserved == 2_000


@pytest.mark.parametrize(("error", "outcome", "left"), [(None, "accepted", 1_000), (GONE, "refused", 0)])
def test_a_late_answer_corrects_unknown(desk: Desk, error: str | None, outcome: str, left: int) -> None:
    request = desk.send()
    desk.clock.now_ns += ANSWER_WITHIN_NS
    desk.book.tick(desk.clock())
    assert desk.book.on_answer(request, error)
    assert desk.outcomes() == ["unknown", outcome]
    assert desk.reserved == left
    assert +desk.book.counters == {"sent": 1, outcome: 1}


def test_a_quote_that_settles_although_it_was_refused_counts_as_accepted_and_settled(desk: Desk) -> None:
    desk.book.on_answer(desk.send(), GONE)
    assert +desk.book.counters == {"sent": 1, "refused": 1}
    desk.book.on_status(status())
    desk.book.confirm("hash-p", "confirmed")
    assert +desk.book.counters == {"sent": 1, "accepted": 1, "settled": 1, "refused_yet_taken": 1}


@pytest.mark.parametrize(
    "error",
    [
        "internal error",
        "code -32603",
        "timeout",
        "nonce was already used",
        "an error without a text",
        "connection closed",
        "Internal error: upstream host not found",
        "public key 'ed25519:x' of account 'dragonegg.near' not found",
        "another solver won",
        "a result and an error: quote not found or already finished",
    ],
)
def test_an_error_that_does_not_refuse_is_unknown_and_keeps_the_amount(desk: Desk, error: str) -> None:
    request = desk.send()
    assert desk.book.on_answer(request, error)
    assert (desk.outcomes(), desk.results[0].detail, desk.reserved) == (["unknown"], error, 1_000)
    assert desk.book.on_status(status())
    assert desk.book.settling()


@pytest.mark.parametrize(
    "error",
    [
        GONE,
        "invalid signature",
        "invalid salt",
        "deadline has expired",
        "insufficient balance or overflow",
    ],
)
def test_an_error_that_refuses_releases_the_amount(desk: Desk, error: str) -> None:
    assert desk.book.on_answer(desk.send(), error)
    assert (desk.outcomes(), desk.reserved) == (["refused"], 0)


@pytest.mark.parametrize("error", ["", "internal error", "too late"])
def test_the_relays_code_for_a_finished_auction_releases_the_amount_whatever_its_text(desk: Desk, error: str) -> None:
    assert desk.book.on_answer(desk.send(), error, GONE_CODE)
    assert (desk.outcomes(), desk.reserved) == (["refused"], 0)


def test_a_second_answer_and_one_to_no_quote_are_not_answers(desk: Desk) -> None:
    request = desk.send()
    assert desk.book.on_answer(request, None)
    assert not desk.book.on_answer(request, GONE)
    assert not desk.book.on_answer(999, GONE)
    assert desk.outcomes() == ["accepted"]
    assert desk.reserved == 1_000


def test_a_status_is_a_claim_that_reserves_the_amount_until_the_balances_show_it(desk: Desk) -> None:
    desk.book.on_answer(desk.send(), None)
    assert desk.book.on_status(status())
    assert [claimed.quote_hash for claimed in desk.book.settling()] == ["hash-p"]
    assert desk.reserved == 1_000
    assert desk.outcomes() == ["accepted"]
    desk.book.confirm("hash-p", "confirmed by the balances")
    assert desk.outcomes() == ["accepted", "settled"]
    assert (desk.results[-1].intent_hash, desk.results[-1].tx_hash) == ("intent-1", "tx-1")
    assert desk.reserved == 0
    assert desk.book.settling() == ()


def test_a_fill_is_booked_once_however_often_it_is_reported(desk: Desk) -> None:
    desk.send()
    for _ in range(3):
        desk.book.on_status(status())
        desk.book.confirm("hash-p", "confirmed")
    assert desk.outcomes() == ["settled"]
    assert len(desk.book.fills) == 1
    assert desk.book.counters["settled"] == 1


def test_a_status_for_another_makers_quote_is_not_ours(desk: Desk) -> None:
    desk.send()
    assert not desk.book.on_status(status("another-maker"))
    assert desk.book.settling() == ()


def test_a_refusal_after_the_settlement_releases_nothing(desk: Desk) -> None:
    request = desk.send()
    desk.book.on_status(status())
    desk.book.on_answer(request, GONE)
    assert desk.reserved == 1_000
    assert desk.outcomes() == []


def test_a_quote_refused_by_the_relay_and_settled_is_booked(desk: Desk) -> None:
    desk.book.on_answer(desk.send(), GONE)
    assert desk.book.on_status(status())
    desk.book.confirm("hash-p", "confirmed")
    assert desk.outcomes() == ["refused", "accepted", "settled"]
    assert desk.reserved == 0


@pytest.mark.parametrize("event", ["settled", "ready", "failed"])
def test_a_refused_quote_that_the_relay_reports_is_committed_again_and_once(desk: Desk, event: StatusEvent) -> None:
    desk.book.on_answer(desk.send(), GONE)
    assert (desk.reserved, desk.signed) == (0, 1_000)
    for _ in range(2):
        assert desk.book.on_status(report(event))
        assert (desk.reserved, desk.signed, desk.reservations.signed_count()) == (1_000, 1_000, 1)
    assert [one.outcome for one in desk.results if one.detail == TAKEN_YET] == ["accepted"]
    assert [one.quote_hash for one in desk.book.settling()] == (["hash-p"] if event == "settled" else [])
    assert desk.book.counters["refused"] == 0
    desk.book.confirm("hash-p", "confirmed")
    assert desk.outcomes().count("settled") == 1
    assert (desk.reserved, desk.signed) == (0, 0)


def test_a_refused_quote_that_is_committed_again_may_exceed_the_balance_and_nothing_more_is_signed(desk: Desk) -> None:
    balance = 1_000
    for name in ("one", "two"):
        made = commitment(name, amount_out=600)
        desk.reservations.reserve(made, balance)
        desk.book.sent(made, 1)
        desk.book.on_answer(1, GONE)
    for name in ("one", "two"):
        desk.book.on_status(status(name))
    assert desk.reserved == 1_200
    with pytest.raises(NotCoveredError):
        desk.reservations.reserve(commitment("three", amount_out=1), balance)


def test_a_refused_quote_is_signed_until_a_block_after_its_deadline_is_explained_without_it(desk: Desk) -> None:
    desk.book.on_answer(desk.send(life_ms=60_000), GONE)
    desk.clock.pass_ms(64_999)
    desk.book.tick(desk.clock())
    desk.book.expire("hash-p")
    assert (desk.signed, desk.book.past_expiry()) == (1_000, ())
    desk.clock.pass_ms(1)
    desk.book.tick(desk.clock())
    assert [one.quote_hash for one in desk.book.past_expiry()] == ["hash-p"]
    assert desk.signed == 1_000, "expired, but nothing has shown yet that it was not settled"
    desk.book.expire("hash-p")
    assert (desk.signed, desk.outcomes()) == (0, ["refused", "expired"])
    assert +desk.book.counters == {"sent": 1, "refused": 1}, "a refused quote counts by its refusal"


def test_a_refused_quote_is_burned_and_counts_by_its_refusal(desk: Desk) -> None:
    desk.book.on_answer(desk.send(), GONE)
    desk.book.burn("hash-p")
    assert [quote.state for quote in desk.book.burning()] == ["burning"]
    assert (desk.reserved, desk.signed) == (0, 1_000)
    desk.book.nonce_used("hash-p", 7)
    desk.book.nonce_confirmed("hash-p", 7)
    desk.book.confirm_burned(7)
    assert desk.outcomes() == ["refused", "burning", "burned"]
    assert desk.signed == 0
    assert (desk.book.counters["refused"], desk.book.counters["burned"]) == (1, 0)


@pytest.mark.parametrize(
    ("outcomes", "state", "reserved"),
    [
        ((), "unknown", 1_000),
        (("accepted",), "accepted", 1_000),
        (("refused",), "refused", 0),
        (("unknown", "refused"), "refused", 0),
        (("refused", "accepted"), "accepted", 1_000),
        (("refused", "ready_to_settle"), "accepted", 1_000),
        (("refused", "settle_failed"), "accepted", 1_000),
        (("refused", "burning"), "burning", 0),
    ],
)
def test_a_quote_of_an_earlier_run_is_signed_and_committed_unless_it_was_refused(
    desk: Desk, outcomes: tuple[str, ...], state: str, reserved: int
) -> None:
    desk.book.restore(commitment("old", amount_out=1_000), outcomes)
    assert (desk.book.recent[0].state, desk.reserved, desk.signed) == (state, reserved, 1_000)


def test_a_quote_reserves_its_amount_until_its_deadline_and_the_margin(desk: Desk) -> None:
    desk.book.on_answer(desk.send(life_ms=60_000), None)
    for passed_ms in (60_000, 4_999):
        desk.clock.pass_ms(passed_ms)
        desk.book.tick(desk.clock())
        desk.book.expire("hash-p")
        assert desk.book.past_expiry() == ()
        assert desk.reserved == 1_000
    desk.clock.pass_ms(1)
    desk.book.tick(desk.clock())
    assert [one.quote_hash for one in desk.book.past_expiry()] == ["hash-p"]
    assert desk.reserved == 1_000, "expired, but nothing has shown yet that it was not settled"
    desk.book.expire("hash-p")
    assert desk.outcomes() == ["accepted", "expired"]
    assert desk.reserved == 0


def test_an_expired_quote_found_settled_is_a_fill_and_no_expiry(desk: Desk) -> None:
    desk.send()
    desk.clock.pass_ms(70_000)
    desk.book.tick(desk.clock())
    desk.book.confirm("hash-p", "confirmed")
    desk.book.expire("hash-p")
    assert desk.outcomes() == ["unknown", "settled"]
    assert not desk.book.contains("hash-p")
    assert desk.reserved == 0


@pytest.mark.parametrize(
    "end",
    [
        lambda desk, request: desk.book.on_answer(request, GONE),
        lambda desk, request: desk.book.confirm("hash-p", "confirmed"),
        lambda desk, request: desk.book.on_lost("gone"),
        lambda desk, request: desk.book.on_status(status()),
        lambda desk, request: None,
    ],
    ids=["refused", "settled", "lost", "claimed", "silent"],
)
def test_nothing_is_kept_of_a_quote_released_after_expiry(desk: Desk, end: Callable[[Desk, int], object]) -> None:
    end(desk, desk.send())
    desk.clock.pass_ms(70_000)
    desk.book.tick(desk.clock())
    desk.book.expire("hash-p")
    assert leftovers(desk.book) == {}
    assert len(desk.reservations) == 0


def test_what_the_screen_shows_is_bounded() -> None:
    reservations = Reservations(DEFAULT_TOKENS)
    book = QuoteBook(reservations, env=Environment(wall_ns=lambda: NOW), recorder=MemoryRecorder(), shown=3)
    for number in range(10):
        made = commitment(str(number))
        reservations.reserve(made, 10**9)
        book.sent(made, number)
        book.confirm(made.quote_hash, "confirmed")
    assert len(book.recent) == len(book.fills) == 3
    assert book.counters == {"sent": 10, "settled": 10}


def test_a_quote_that_expires_before_the_answer_is_due_leaves_nothing_behind(desk: Desk) -> None:
    made = commitment("brief", life_ms=1_000, margin_ms=0)
    desk.reservations.reserve(made, 10**9)
    desk.book.sent(made, 1)
    desk.book.tick(made.released_after_ns)
    desk.book.expire(made.quote_hash)
    desk.book.tick(made.released_after_ns + 10 * NS_PER_S)
    assert desk.outcomes() == ["expired"]
    assert leftovers(desk.book) == {}
    assert made.released_after_ns == NOW + 1_000 * NS_PER_MS


def report(event: StatusEvent, name: str = "p") -> QuoteStatus:
    return QuoteStatus(f"hash-{name}", "intent-1", "tx-1", event)


def test_only_a_settlement_settles_and_a_failed_one_keeps_the_quote_committed(desk: Desk) -> None:
    desk.book.on_answer(desk.send(), None)
    for event in ("ready", "failed", "ready", "failed"):
        assert desk.book.on_status(report(event))
    assert desk.book.settling() == ()
    assert desk.outcomes() == ["accepted", "ready_to_settle", "settle_failed"]
    assert [(one.intent_hash, one.tx_hash) for one in desk.results[1:]] == [("intent-1", "tx-1")] * 2
    assert desk.reserved == 1_000
    desk.book.on_status(report("settled"))
    desk.book.confirm("hash-p", "confirmed")
    assert desk.outcomes()[-1] == "settled"
    assert desk.reserved == 0


def test_a_quote_that_was_chosen_before_the_desk_ended_counts_as_accepted_and_is_not_recorded_again(desk: Desk) -> None:
    made = commitment("old", amount_out=1_000, sent_ns=desk.clock.now_ns)
    desk.book.restore(made, ("ready_to_settle",))
    assert desk.book.recent[0].state == "accepted"
    desk.book.on_status(report("ready", "old"))
    assert desk.outcomes() == []


END: list[Callable[[Desk], object]] = [
    lambda desk: desk.book.confirm("hash-p", "confirmed"),
    lambda desk: desk.book.on_answer(1, GONE),
    lambda desk: None,
]


@pytest.mark.parametrize("end", END, ids=["settled", "refused", "expired"])
@pytest.mark.parametrize("event", ["settled", "ready", "failed"])
def test_a_status_that_comes_after_the_quote_is_forgotten_is_ours_and_changes_nothing(
    desk: Desk, end: Callable[[Desk], object], event: StatusEvent
) -> None:
    desk.send()
    end(desk)
    desk.clock.pass_ms(70_000)
    desk.book.tick(desk.clock())
    desk.book.expire("hash-p")
    before = desk.outcomes()
    assert desk.book.on_status(report(event))
    assert desk.outcomes() == before
    assert (desk.reserved, desk.book.settling(), leftovers(desk.book)) == (0, (), {})
    assert desk.book.counters["late_statuses"] == 1


def test_a_late_status_of_a_burned_quote_does_not_bring_it_back(desk: Desk) -> None:
    desk.book.on_answer(desk.send(), None)
    desk.book.burn("hash-p")
    desk.book.nonce_used("hash-p", 7)
    desk.book.nonce_confirmed("hash-p", 7)
    desk.book.confirm_burned(7)
    assert desk.book.on_status(report("settled"))
    assert desk.outcomes() == ["accepted", "burning", "burned"]
    assert (desk.reserved, desk.book.settling()) == (0, ())
    quote = desk.book.get("hash-p")
    assert quote is not None
    assert quote.state == "burned"


def test_quotes_remembered_after_their_end_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.book._ended = BoundedSet(2)
    for name in "abc":
        desk.send(name, life_ms=1_000)
        desk.clock.pass_ms(70_000)
        desk.book.tick(desk.clock())
        desk.book.expire(f"hash-{name}")
    assert [desk.book.on_status(report("settled", name)) for name in "abc"] == [False, True, True]


class Unscannable(dict[Any, Any]):
    """A dict that may be looked into and not walked over, whoever asks."""

    def _refuse(self) -> NoReturn:
        raise AssertionError("work that grows with the number of signed quotes")

    def __iter__(self) -> NoReturn:
        self._refuse()

    def values(self) -> NoReturn:
        self._refuse()

    def items(self) -> NoReturn:
        self._refuse()

    def keys(self) -> NoReturn:
        self._refuse()


def test_nothing_that_happens_to_a_quote_looks_at_the_others(desk: Desk) -> None:
    for held in (desk.reservations._live, desk.reservations._refused):
        held._by_hash = Unscannable()
    desk.book._quotes = Unscannable()
    awaited = desk.book._awaited.by_request = Unscannable()
    for number in range(1_000):
        name = str(number)
        request = desk.send(name, life_ms=60_000)
        if number % 4:
            desk.book.on_answer(request, GONE if number % 2 else None)
        if number % 5 == 0:
            desk.book.on_status(status(name))
            desk.book.confirm(f"hash-{name}", "confirmed")
        desk.clock.pass_ms(10)
        desk.book.tick(desk.clock())
        shown = live_quotes(DEFAULT_TOKENS, desk.reservations, Decimal(50_000), desk.clock())
        assert shown.quotes + shown.refused == desk.reservations.signed_count()
    assert desk.reservations.signed_count() == 800
    for _ in range(2):
        desk.clock.pass_ms(70_000)
        desk.book.tick(desk.clock())
    assert not awaited
    for one in desk.book.past_expiry():
        desk.book.expire(one.quote_hash)
    assert desk.reservations.signed_count() == 0


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(1, 400)),
            st.tuples(st.just("pass"), st.integers(-300, 900)),
            st.tuples(st.just("end"), st.integers(0, 5)),
        ),
        max_size=30,
    )
)
def test_no_quote_that_is_not_over_had_its_deadline_before_what_is_noted_as_over(steps: list[tuple[str, int]]) -> None:
    """Whatever the clock does: a start takes over only quotes whose deadline is not before it."""
    desk, sent, ended = Desk(), dict[str, int](), set[str]()
    for number, (step, value) in enumerate(steps):
        if step == "send":
            desk.send(str(number), life_ms=value)
            sent[f"hash-{number}"] = desk.clock.now_ns + value * NS_PER_MS
        elif step == "pass":
            desk.clock.now_ns += value * NS_PER_MS * 10
            # Some ticks stop amid their work.
            for _ in islice(desk.book.tick_in_slices(desk.clock.now_ns), value % 3 or None):
                pass
        else:
            for one in desk.book.past_expiry()[value : value + 1]:
                desk.book.expire(one.quote_hash)
                ended.add(one.quote_hash)
        noted = desk.book.note_over()
        assert noted == desk.book.over_before_ns <= desk.clock.now_ns
        assert all(deadline_ns >= noted for name, deadline_ns in sent.items() if name not in ended)


def test_what_is_noted_as_over_follows_the_oldest_quote_that_is_not(desk: Desk) -> None:
    assert desk.book.note_over() == desk.clock.now_ns
    for name, life_ms in (("a", 60_000), ("b", 61_000)):
        desk.send(name, life_ms=life_ms)
    sent_ns = desk.clock.now_ns
    assert desk.book.note_over() == sent_ns
    desk.clock.now_ns += 70_000 * NS_PER_MS
    desk.book.tick(desk.clock.now_ns)
    assert desk.book.note_over() == sent_ns + 60_000 * NS_PER_MS
    desk.book.expire("hash-a")
    assert desk.book.note_over() == sent_ns + 61_000 * NS_PER_MS
    desk.book.expire("hash-b")
    assert desk.book.note_over() == desk.clock.now_ns
