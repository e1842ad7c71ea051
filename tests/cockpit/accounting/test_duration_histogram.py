"""Durations are counted in the first bucket that holds them; neither counts nor sum ever fall."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.duration_histogram import FILL_NS, REACTION_NS, TRANSIT_NS, DurationHistogram

DURATIONS = st.integers(-(10**18), 10**18) | st.sampled_from([*REACTION_NS, *FILL_NS, *TRANSIT_NS])


@given(st.sampled_from([REACTION_NS, TRANSIT_NS, FILL_NS]), st.lists(DURATIONS))
def test_as_many_are_below_a_bound_as_were_noted_below_it(bounds: tuple[int, ...], noted: list[int]) -> None:
    one = DurationHistogram(bounds)
    for duration in noted:
        before, total = list(one.counts), one.total_ns
        one.note(duration)
        assert sum(one.counts) == sum(before) + 1
        assert all(now >= then for now, then in zip(one.counts, before, strict=True))
        assert one.total_ns >= total
    below = list(accumulate(one.counts))
    assert below[:-1] == [sum(duration <= bound for duration in noted) for bound in bounds]
    assert below[-1] == len(noted)
    assert one.total_ns == sum(max(0, duration) for duration in noted)


def test_bounds_rise() -> None:
    for bounds in (REACTION_NS, TRANSIT_NS, FILL_NS):
        assert list(bounds) == sorted(set(bounds))
