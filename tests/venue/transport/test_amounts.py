import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.assets import MAX_AMOUNT
from venue.transport.amounts import amount_of


@given(st.integers(0, MAX_AMOUNT))
def test_every_amount_is_read_exactly_as_text_and_as_number(amount: int) -> None:
    assert amount_of(str(amount)) == amount
    assert amount_of(amount) == amount


@given(st.one_of(st.integers(max_value=-1), st.integers(min_value=MAX_AMOUNT + 1)))
def test_anything_but_u128_is_refused(amount: int) -> None:
    for form in (amount, str(amount)):
        with pytest.raises(ValueError, match="amount"):
            amount_of(form)


@given(st.text().filter(lambda text: not (text.isascii() and text.isdigit())))
def test_text_that_is_not_only_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        amount_of(text)
