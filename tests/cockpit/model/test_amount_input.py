"""Amounts as people type them: read exactly, or refused in a sentence."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.amount_input import parse_amount
from cockpit.model.errors import InvalidAmountError

DECIMALS = st.sampled_from([0, 6, 8, 18])


@given(st.integers(min_value=1, max_value=10**19 - 1), DECIMALS)
def test_every_amount_is_read_back_exactly(amount: int, decimals: int) -> None:
    text = f"{Decimal(amount).scaleb(-decimals):f}"
    assert parse_amount(text, "BTC", decimals) == amount
    assert parse_amount(f"  {text}  ", "BTC", decimals) == amount


@given(st.text(max_size=30), DECIMALS)
def test_any_text_is_an_exact_amount_or_refused(text: str, decimals: int) -> None:
    try:
        found = parse_amount(text, "BTC", decimals)
    except InvalidAmountError:
        return
    assert found > 0
    assert text.strip().isascii()
    assert Decimal(text.strip()).scaleb(decimals) == found


@given(st.from_regex(r"[0-9٣.,eE+\-_ ]{1,12}", fullmatch=True))
def test_number_like_texts_are_never_misread(text: str) -> None:
    try:
        found = parse_amount(text, "BTC", 8)
    except InvalidAmountError:
        return
    plain = text.strip()
    assert set(plain) <= set("0123456789.")
    assert found == Decimal(plain) * 10**8


AMBIGUOUS = ("1e3", "0,5", "٣", "-1", "+1", "NaN", "Infinity", "", " ", ".5", "1.", "01", "1 0", "1_0", "0x10", "½")
TOO_FINE = ("1.000000000000000000001", "0.000000001", "1\n2", "0", "0.0", "1" * 30)


@pytest.mark.parametrize("text", [*AMBIGUOUS, *TOO_FINE])
def test_ambiguous_amounts_are_refused(text: str) -> None:
    with pytest.raises(InvalidAmountError):
        parse_amount(text, "BTC", 8)


def test_zeros_behind_the_last_unit_change_nothing() -> None:
    assert parse_amount("0.0150000000000", "BTC", 8) == 1_500_000
