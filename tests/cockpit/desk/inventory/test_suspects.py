"""The search for quotes that a change may be of, beside tens of thousands of them."""

import gc
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.inventory.movements import finish
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.inventory.suspects import amounts_of, suspects
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.events import Side
from tests.support.amounts import btc_eure
from tests.support.desk.builders import commitment
from venue.protocol.amounts import NOTHING, TokenAmounts

QUOTES = 5_000


@pytest.mark.parametrize("alike", [1, 2, 3])
@pytest.mark.parametrize("wanted", [btc_eure(1, -5), btc_eure(1_007, -7), btc_eure(2_050, -14)])
def test_a_search_makes_nothing_that_the_garbage_collector_counts_for_each_quote(
    alike: int, wanted: TokenAmounts
) -> None:
    quotes = [commitment(f"q-{number}", amount_in=1_000 + number // alike, amount_out=7) for number in range(QUOTES)]
    steps = suspects([wanted], quotes, claimed=frozenset(), most=32, after_ns=0, to_ask=lambda one: one.amount_in > 0)
    gc.collect()
    gc.disable()
    try:
        before = gc.get_count()[0]
        most = max(gc.get_count()[0] - before for _ in steps)
    finally:
        gc.enable()
    assert most < QUOTES / 10, "a pass over what the search makes would stand in a request's way"


amounts = st.tuples(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["buy", "sell"]))


@given(st.lists(amounts, max_size=12), st.tuples(st.integers(-12, 12), st.integers(-12, 12)))
def test_every_quote_that_explains_a_change_alone_or_with_another_is_asked_for(
    drawn: list[tuple[int, int, Side]], change: tuple[int, int]
) -> None:
    quotes = [
        commitment(f"q-{number}", side=side, amount_in=amount_in, amount_out=amount_out)
        for number, (amount_in, amount_out, side) in enumerate(drawn)
    ]
    wanted = btc_eure(*change)
    found = finish(suspects([wanted], quotes, claimed=frozenset(), most=64, after_ns=0, to_ask=lambda one: True))
    moved = {one.quote_hash: movement(one).amounts for one in quotes}
    explaining = {
        name
        for size in (1, 2)
        for some in combinations(moved, size)
        if sum((moved[name] for name in some), NOTHING) == wanted
        for name in some
    }
    asked = [one.quote_hash for one in found.likely]
    assert explaining <= set(asked)
    assert set(asked[: len(explaining)]) <= explaining | _alike(quotes, explaining), "those come first"
    assert len(found.all) == len(set(found.all)) == len(quotes)


def _alike(quotes: list[Commitment], names: set[str]) -> set[str]:
    like = {amounts_of(one) for one in quotes if one.quote_hash in names}
    return {one.quote_hash for one in quotes if amounts_of(one) in like}
