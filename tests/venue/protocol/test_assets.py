from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.assets import MAX_AMOUNT, Token
from venue.protocol.tokens import BTC, BTC_EURE, EURE

assets = st.sampled_from([BTC, EURE])
units = st.integers(-MAX_AMOUNT, MAX_AMOUNT)


@given(assets, units)
def test_base_units_survive_conversion_to_decimal(asset: Token, amount: int) -> None:
    shown = asset.to_decimal(amount)
    assert Fraction(shown) == Fraction(amount, 10**asset.decimals)
    assert asset.to_units(shown) == amount


@given(assets, units, st.integers(0, 20))
def test_an_amount_as_text_is_what_a_decimal_shows(asset: Token, amount: int, places: int) -> None:
    text = asset.shown(amount, places)
    expected = Fraction(round(Fraction(amount, 10**asset.decimals) * 10**places), 10**places)
    assert Fraction(text) == expected
    assert len(text.partition(".")[2]) == places


@pytest.mark.parametrize("text", ["0.000000001", "1.123456789", "-0.0000000001"])
def test_an_amount_finer_than_a_base_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more than 8 decimals"):
        BTC.to_units(Decimal(text))


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_other_text_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        EURE.to_units(Decimal(text))


def test_a_market_knows_its_two_tokens() -> None:
    assert BTC_EURE.asset(BTC.token_id) is BTC
    assert BTC_EURE.asset(EURE.token_id) is EURE


def test_a_token_of_neither_side_is_not_the_markets() -> None:
    with pytest.raises(KeyError):
        BTC_EURE.asset("nep141:usdc.near")
