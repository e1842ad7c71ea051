"""The nearest rank: the smallest value that at least so large a part of all does not exceed."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.percentiles import counted_percentile, percentile

PARTS = st.sampled_from(("0.5", "0.9", "0.99", "0.999", "1"))


@given(st.lists(st.integers(), min_size=1, max_size=1_200).map(sorted), PARTS)
def test_so_many_do_not_exceed_it_and_fewer_do_not_reach_it(ordered: list[int], part: str) -> None:
    found = percentile(ordered, float(part))
    assert found is not None
    assert sum(value <= found for value in ordered) >= Fraction(part) * len(ordered)
    assert sum(value < found for value in ordered) < Fraction(part) * len(ordered)


def test_whole_ranks_are_not_one_too_high() -> None:
    hundred = list(range(1, 101))
    assert [percentile(hundred, part) for part in (0.5, 0.99, 1)] == [50, 99, 100]
    assert counted_percentile([(value, 7) for value in hundred], 0.99) == 99
    assert (percentile([], 0.5), percentile([4], 0.5), percentile([4], 0.99)) == (None, 4, 4)
