"""Numbers, ages and times as people read them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model import formatting as fmt


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal("1234.56789"), 4, "1,234.5678"),
        (Decimal("-0.00001"), 4, "0.0000"),
        (Decimal("NaN"), 2, "?"),
        (None, 2, "?"),
        (1204, 0, "1,204"),
    ],
)
def test_numbers(value: Decimal | int | None, places: int, text: str) -> None:
    assert fmt.number(value, places) == text


@given(st.decimals(min_value=-(10**30), max_value=10**30, allow_nan=False, places=18))
def test_no_digit_of_an_exact_amount_is_lost(value: Decimal) -> None:
    assert Decimal(fmt.exact(value).replace(",", "")) == value


@given(st.decimals(min_value=0, max_value=10**30, allow_nan=False, places=18), st.integers(min_value=0, max_value=8))
def test_a_shown_amount_is_never_more_than_the_value(value: Decimal, places: int) -> None:
    assert Decimal(fmt.number(value, places).replace(",", "")) <= value


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0s"),
        (59_999, "59s"),
        (60_000, "1m00s"),
        (3_600_000, "1h00m"),
        (90_000_000, "1d01h"),
        (-5, "0s"),
    ],
)
def test_ages(ms: int | None, text: str) -> None:
    assert fmt.age(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (599_000, "9m59s"),
        (685_000, "11m"),
        (3_900_000, "1h05m"),
        (39_900_000, "11h"),
        (90_000_000, "1d01h"),
    ],
)
def test_ages_of_rows_fit_into_five_cells(ms: int | None, text: str) -> None:
    assert fmt.row_age(ms) == text


@given(st.integers(0, 9_999 * 86_400_000))
def test_no_age_of_a_row_is_cut_or_says_more_than_it_is(ms: int) -> None:
    assert len(fmt.row_age(ms)) <= 5
    assert fmt.age(ms).startswith(fmt.row_age(ms))


@pytest.mark.parametrize(("ms", "text"), [(9_999, "just now"), (10_000, "10s ago"), (64_999, "1m00s ago")])
def test_captions_count_in_steps(ms: int, text: str) -> None:
    assert fmt.caption_age(ms) == text


def test_running_time_is_in_minutes() -> None:
    assert (fmt.uptime(59_000), fmt.uptime(61_000), fmt.uptime(3_700_000)) == ("under a minute", "1m", "1h01m")


def test_time_left_is_zero_only_when_there_is_none() -> None:
    assert (fmt.time_left(1), fmt.time_left(0), fmt.time_left(60_000)) == ("1s", "0s", "1m00s")
