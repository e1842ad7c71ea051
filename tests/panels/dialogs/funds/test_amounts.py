"""Amounts and addresses in the funds dialogs: exact, and complete at any width."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from panels.dialogs.funds.amounts import grouped, units, wrapped

DECIMALS = st.sampled_from([0, 6, 8, 18])


@given(st.integers(min_value=0, max_value=10**60), DECIMALS)
def test_base_units_of_a_balance_are_never_rounded(amount: int, decimals: int) -> None:
    exact = Decimal(f"{amount}E-{decimals}")
    assert units(exact, decimals) == amount


@given(st.text("abcdefghijkmn0123456789", min_size=1, max_size=100), st.integers(min_value=4, max_value=80))
def test_an_address_in_groups_is_whole_and_fits(address: str, width: int) -> None:
    lines = grouped(address, width)
    assert "".join(lines).replace(" ", "") == address
    assert max(map(len, lines)) <= width
    assert "".join(wrapped(address, width)) == address
