"""The value of a signed quote to its holder, against the integral that defines it."""

from math import exp, pi, sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.option_value import option_value

NORMAL = NormalDist()
UNIT = 10**6
"""One bps in the unit of these tests."""
distances = st.integers(-200 * UNIT, 200 * UNIT)
deviations = st.integers(0, 300 * UNIT)


def integrated(distance: float, deviation: float) -> float:
    """The mean of what a holder gains at the deadline, by Simpson's rule over what the mid may do."""
    start = max(distance / deviation, -12.0) if deviation else 0.0
    if start > 12:
        return 0.0
    pieces = 2_000
    step = (12 - start) / pieces
    weights = [1] + [4, 2] * (pieces // 2 - 1) + [4, 1]
    gains = (
        weight * (deviation * (start + step * k) - distance) * exp(-((start + step * k) ** 2) / 2)
        for k, weight in enumerate(weights)
    )
    return sum(gains) * step / 3 / sqrt(2 * pi)


@pytest.mark.parametrize("deviation", [4, 8, 13, 20, 37, 53])
@pytest.mark.parametrize("distance", [-30, -5, -1, 0, 5, 8, 10, 15, 20, 30])
def test_the_value_is_the_integral_to_the_stated_error(distance: int, deviation: int) -> None:
    found = option_value(distance * UNIT, deviation * UNIT) / UNIT
    assert -1e-8 <= found - integrated(distance, deviation) <= 5.1e-6 * deviation + 2e-6


@given(distances, st.integers(1, 300 * UNIT))
def test_the_value_is_that_of_the_formula_everywhere(distance: int, deviation: int) -> None:
    d = distance / deviation
    exact = deviation * (NORMAL.pdf(d) - d * NORMAL.cdf(-d))
    assert -1e-9 * deviation - 1 <= option_value(distance, deviation) - exact <= 5.2e-6 * deviation + 2


@pytest.mark.parametrize(
    ("distance", "deviation", "bps"), [(0, 4, 1.60), (5, 8, 1.30), (10, 20, 3.96), (20, 37, 6.87), (30, 53, 9.44)]
)
def test_known_values(distance: int, deviation: int, bps: float) -> None:
    assert option_value(distance * UNIT, deviation * UNIT) / UNIT == pytest.approx(bps, abs=0.01)


@given(distances, deviations, deviations)
def test_more_volatility_or_a_longer_life_never_makes_it_cheaper(distance: int, one: int, two: int) -> None:
    less, more = sorted((one, two))
    assert option_value(distance, less) <= option_value(distance, more)


@given(distances, distances, deviations)
def test_a_wider_quote_is_never_worth_more(one: int, two: int, deviation: int) -> None:
    nearer, farther = sorted((one, two))
    assert option_value(nearer, deviation) >= option_value(farther, deviation)


@given(distances, deviations)
def test_it_is_never_worth_less_than_settling_now(distance: int, deviation: int) -> None:
    assert option_value(distance, deviation) >= max(0, -distance)


@given(distances)
def test_at_the_deadline_only_what_settling_now_gains_is_left(distance: int) -> None:
    assert option_value(distance, 0) == max(0, -distance)


@given(st.integers(0, 200 * UNIT), deviations)
def test_a_quote_that_pays_now_is_worth_its_gain_and_what_one_as_far_out_is(distance: int, deviation: int) -> None:
    assert option_value(-distance, deviation) == option_value(distance, deviation) + distance


@given(st.integers(1, 10**24), st.integers(1, 10**24))
def test_it_does_not_depend_on_the_unit(distance: int, deviation: int) -> None:
    fine = option_value(distance * 1_000, deviation * 1_000)
    assert 0 <= option_value(distance, deviation) * 1_000 - fine < 1_000
