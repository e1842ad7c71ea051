"""What a live quote takes of the desk's memory: tens of thousands are live at once."""

import gc
import tracemalloc
import uuid
from random import Random

import base58
import pytest

from cockpit.desk.quote_book.book import MAX_ENDED, QuoteBook
from cockpit.desk.quote_book.commitment import Commitment, commit
from cockpit.desk.quote_book.refusals import GONE
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.bounded_set import BoundedSet
from cockpit.model.environment import Environment
from tests.support.desk.builders import Clock
from tests.support.recorder import MemoryRecorder
from venue.protocol.nonce import encode_nonce
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_MS, NS_PER_S

LIVE = 2_000
BYTES_A_QUOTE = 545
"""All that the book, the reservations and the sums keep of it; with what an allocator loses it is 0.6 KB."""
BYTES_AN_ENDED_QUOTE = 60
"""Beside its hash."""


def quote(number: int, at_ns: int, random: Random) -> Commitment:
    """One as the venue makes them: of a minute, with ids and a nonce of their usual length."""
    decision_id = random.randbytes(8).hex()
    return commit(
        quote_hash=base58.b58encode(random.randbytes(32)).decode(),
        quote_id=str(uuid.UUID(bytes=random.randbytes(16))),
        command_id=decision_id,
        decision_id=decision_id,
        nonce=encode_nonce(random.randbytes(32)),
        side="buy",
        asset_in=BTC.token_id,
        asset_out=EURE.token_id,
        amount_in=100_000 + number % 997,
        amount_out=80 * 10**18 + number,
        edge=10**15 + number,
        sent_ns=at_ns,
        deadline_ns=at_ns + 60 * NS_PER_S,
        released_after_ns=at_ns + 65 * NS_PER_S,
        partner="1click",
    )


@pytest.mark.parametrize("error", [None, GONE])
def test_a_live_quote_takes_little_whatever_the_relay_said(error: str | None) -> None:
    random, clock, recorder = Random(7), Clock(), MemoryRecorder()
    book = QuoteBook(Reservations(DEFAULT_TOKENS), env=Environment(wall_ns=clock), recorder=recorder, shown=10)

    def send(number: int) -> None:
        clock.now_ns += NS_PER_MS
        made = quote(number, clock(), random)
        book.reservations.reserve(made, 10**40)
        book.sent(made, number + 1)
        book.on_answer(number + 1, error)
        # History takes them.
        recorder.events.clear()
        if number % 250 == 0:
            book.tick(clock())

    for number in range(200):
        send(number)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(200, 200 + LIVE):
            send(number)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert book.reservations.signed_count() == 200 + LIVE
    assert taken / LIVE < BYTES_A_QUOTE


def test_a_quote_that_is_over_takes_little_more_than_its_hash() -> None:
    names = [f"{number:044}" for number in range(MAX_ENDED)]
    tracemalloc.start()
    try:
        over = BoundedSet(MAX_ENDED)
        for name in names:
            over.add(name)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(over) == MAX_ENDED
    assert taken / MAX_ENDED < BYTES_AN_ENDED_QUOTE
