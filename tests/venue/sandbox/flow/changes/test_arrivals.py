"""Arrivals whose rate changes: with one rate they are what they always were."""

import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.changes.arrivals import next_arrival
from venue.sandbox.flow.price_path import RandomWalk
from venue.sandbox.flow.schedule import RequestFlow, schedule


@given(seed=st.integers(0, 2**32), rate=st.floats(1e-3, 1e4), at=st.floats(0, 1e6))
def test_one_rate_gives_the_gaps_of_an_exponential_distribution_to_the_bit(seed: int, rate: float, at: float) -> None:
    expected = at + random.Random(seed).expovariate(rate)
    assert next_arrival([(0.0, rate)], at, random.Random(seed).expovariate(1.0)) == expected


@given(
    rates=st.lists(st.tuples(st.floats(0.1, 50), st.just(0.0) | st.floats(0.01, 100)), min_size=1, max_size=5),
    at=st.floats(0, 100),
    drawn=st.floats(0, 1_000),
)
def test_an_arrival_comes_when_as_many_were_expected_as_were_drawn(
    rates: list[tuple[float, float]], at: float, drawn: float
) -> None:
    starts, start = [], 0.0
    for gap, rate in rates:
        starts.append((start, rate))
        start += gap
    found = next_arrival(starts, at, drawn)
    ends = [*(one for one, _ in starts[1:]), float("inf")]

    def expected(until: float) -> float:
        spans = [(max(at, low), min(until, high), rate) for (low, rate), high in zip(starts, ends, strict=True)]
        return sum(rate * (high - low) for low, high, rate in spans if high > low)

    if found is None:
        assert starts[-1][1] == 0
        assert expected(1e9) <= drawn + 1e-6
    else:
        assert found >= at
        assert abs(expected(found) - drawn) < 1e-6 * max(1.0, drawn) + 1e-3


def test_a_flow_changes_at_its_time_and_is_the_same_before() -> None:
    path = RandomWalk(4, Decimal(80_000))
    usual = RequestFlow(rate=5, other_pairs=0.5)
    calm, changed = (
        schedule(4, usual, path),
        schedule(
            4,
            usual,
            path,
            later=[(20 * NS_PER_S, RequestFlow(rate=50, other_pairs=0)), (40 * NS_PER_S, RequestFlow(rate=0))],
        ),
    )
    expected = [one for one in (next(calm) for _ in range(200)) if one.at_ns < 20 * NS_PER_S]
    found = list(changed)
    assert [one for one in found if one.at_ns < 20 * NS_PER_S] == expected
    later = [one for one in found if one.at_ns >= 20 * NS_PER_S]
    assert 800 < len(later) < 1_200
    assert all(one.market is not None for one in later)
    assert max(one.at_ns for one in found) < 40 * NS_PER_S
