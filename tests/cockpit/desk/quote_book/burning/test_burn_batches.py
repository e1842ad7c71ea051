"""When a batch may be called about, and what cuts it anew."""

import base64

from cockpit.desk.quote_book.burning.burn_batches import BATCH, SOON_NS, WAIT_NS, Batch, cut
from cockpit.desk.quote_book.quote import Quote
from tests.support.desk.builders import NOW, SALT, commitment
from venue.protocol.nonce import pack_nonce
from venue.protocol.units import NS_PER_MS, NS_PER_S


def quote(number: int, *, salt: bytes = SALT, life_ms: int = 60_000) -> Quote:
    deadline_ns = NOW + life_ms * NS_PER_MS
    nonce = base64.b64encode(pack_nonce(salt, deadline_ns, number.to_bytes(15, "big"))).decode()
    return Quote(commitment(str(number), life_ms=life_ms, nonce=nonce), number, "accepted")


def batch(count: int = 4) -> Batch:
    return Batch([quote(number) for number in range(count)])


def published(count: int = 4) -> Batch:
    """A batch that the relay took at ``NOW``."""
    made = batch(count)
    made.published(made.quotes, "intent")
    made.called_ns, made.next = NOW, "ask"
    return made


def test_calls_about_a_batch_are_at_least_fifteen_seconds_apart() -> None:
    made = batch()
    assert 15 * NS_PER_S <= WAIT_NS <= 30 * NS_PER_S
    assert made.is_due(NOW, NOW)
    made.called_ns = NOW
    assert not made.is_due(NOW, NOW + WAIT_NS - 1)
    assert made.is_due(NOW, NOW + WAIT_NS)


def test_nothing_is_due_for_quotes_past_their_deadline_used_or_with_an_invalidated_salt() -> None:
    made = batch(1)
    (only,) = made.quotes
    assert not made.is_due(only.commitment.deadline_ns, NOW)
    only.used_height = 5
    assert not made.is_due(NOW, NOW)
    only.used_height, only.salt_invalid = None, True
    assert not made.is_due(NOW, NOW)


def test_quotes_are_cut_by_salt_and_size() -> None:
    other = bytes(4)
    batches = cut([quote(number, salt=other if number % 3 == 0 else SALT) for number in range(90)])
    assert sorted(len(one.quotes) for one in batches) == [5, 10, BATCH, BATCH, BATCH]
    assert len({one.commitment.quote_hash for made in batches for one in made.quotes}) == 90


def test_one_nonce_stands_for_a_call_until_it_is_seen_used() -> None:
    made = published()
    made.quotes[1] = quote(1, life_ms=10**6)
    assert made.to_read() == [made.quotes[1]]
    made.was_read()
    assert not made.suspect
    made.quotes[1].used_height = 7
    made.was_read()
    assert made.to_read() == [made.quotes[0], made.quotes[2], made.quotes[3]]


def test_a_call_that_used_all_its_nonces_is_done_once_its_quotes_are_over() -> None:
    made = published()
    for one in made.quotes:
        one.used_height = 7
    assert made.review(NOW) == [made]
    assert made.is_due(NOW, NOW + WAIT_NS)
    assert not made.publishes(NOW), "there is nothing to burn, and a report to be asked for"
    for one in made.quotes:
        one.burn_reported = True
    assert not made.is_due(NOW, NOW + WAIT_NS)
    for one in made.quotes:
        one.state = "burned"
    assert made.review(NOW) == []


def test_one_reading_between_two_blocks_does_not_cut_a_call_in_flight() -> None:
    made = published()
    made.suspect = True
    made.quotes[0].used_height = 7
    made.was_read()
    assert made.review(NOW) == [made]
    for one in made.quotes:
        one.used_height = 7
    assert made.review(NOW) == [made]
    assert made.to_read() == []


def test_nonces_that_stay_unused_beside_a_used_one_are_called_about_at_once() -> None:
    made = published()
    made.suspect = True
    made.quotes[0].used_height = 7
    made.was_read()
    made.was_read()
    (rest,) = made.review(NOW)
    assert (rest.quotes, rest.called_ns, rest.next) == (made.quotes[1:], None, "publish")


def test_a_settled_quote_fails_the_call_of_the_others() -> None:
    made = published()
    made.quotes[2].state = "settled"
    (rest,) = made.review(NOW)
    assert (len(rest.quotes), rest.called_ns) == (3, None)


def test_a_call_that_may_still_wait_at_the_relay_is_asked_about_before_it_is_replaced() -> None:
    made = published()
    made.quotes[2].state = "settled"
    assert made.review(NOW + SOON_NS) == [made]
    assert made.is_due(NOW, NOW + WAIT_NS)
    made.next = "publish"
    (rest,) = made.review(NOW + WAIT_NS)
    assert (len(rest.quotes), rest.called_ns) == (3, None)


def test_what_was_not_in_the_last_call_does_not_hasten_the_next() -> None:
    made = published(3)
    made.published(made.quotes[1:], "intent")
    made.quotes[0].state = "settled"
    assert made.review(NOW) == [made]
    made.failed = True
    assert [len(half.quotes) for half in made.review(NOW)] == [1, 1]


def test_an_expired_quote_does_not_hasten_the_next_call() -> None:
    made = published()
    made.quotes[0].state = "expired"
    assert made.review(NOW) == [made]
    assert (len(made.quotes), made.called_ns) == (3, NOW)


def test_a_call_that_failed_for_its_intents_is_halved_once_its_nonces_were_read() -> None:
    made = published(5)
    made.failed = made.suspect = True
    made.in_flight = False
    assert made.review(NOW) == [made]
    made.was_read()
    assert [len(half.quotes) for half in made.review(NOW)] == [3, 2]
    assert [half.called_ns for half in made.review(NOW)] == [None, None]


def test_a_single_quote_is_never_halved() -> None:
    made = published(1)
    made.failed = True
    assert made.review(NOW) == [made]
    assert not made.is_due(NOW, NOW + WAIT_NS - 1)
