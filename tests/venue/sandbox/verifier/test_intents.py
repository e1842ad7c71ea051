"""The protocol fee: what a taker may ask for and must give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.sandbox.verifier.intents import protocol_fee, taker_gives, taker_receives

AMOUNTS = st.integers(min_value=1, max_value=2**120)
PIPS = st.integers(min_value=0, max_value=999_999)


@pytest.mark.parametrize(
    ("amount", "pips", "fee"), [(1, 1, 1), (1_000_000, 1, 1), (1_000_001, 1, 2), (10**18, 1, 10**12), (5, 0, 0)]
)
def test_the_fee_is_rounded_up(amount: int, pips: int, fee: int) -> None:
    assert protocol_fee(amount, pips) == fee
    assert taker_receives(amount, pips) == amount - fee


@given(AMOUNTS, PIPS)
def test_the_takers_amount_delivers_exactly_and_is_the_smallest(receives: int, pips: int) -> None:
    gives = taker_gives(receives, pips)
    assert gives - protocol_fee(gives, pips) == receives
    assert (gives - 1) - protocol_fee(gives - 1, pips) < receives


def test_a_fee_of_100_percent_is_refused() -> None:
    with pytest.raises(ValueError, match="pips"):
        taker_gives(1, 1_000_000)
