"""A histogram of durations: a fixed array of integers, so that the path of a quote pays an increment for each."""

from bisect import bisect_left
from collections.abc import Sequence

_US, _MS, _S = 10**3, 10**6, 10**9
REACTION_NS = tuple(
    [step * _US for step in (10, 25, 50, 100, 250, 500)] + [step * _MS for step in (1, 2, 5, 10, 25, 50, 100, 1_000)]
)
"""Upper bounds for what happens inside this process."""
TRANSIT_NS = tuple([step * _MS for step in (1, 5, 10, 25, 50, 100, 250, 500)] + [step * _S for step in (1, 2, 5, 10)])
"""Upper bounds for what another machine takes part in."""
FILL_NS = tuple(step * _S for step in (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300))
"""Upper bounds for what takes a part of a quote's life."""


class DurationHistogram:
    """Counts durations of ns by their upper bounds; the last count is of those above all bounds.

    A duration below zero, by two clocks, counts as zero: ``total_ns`` never falls.
    """

    __slots__ = ("bounds_ns", "counts", "total_ns")

    def __init__(self, bounds_ns: Sequence[int]) -> None:
        self.bounds_ns = tuple(bounds_ns)
        self.counts = [0] * (len(self.bounds_ns) + 1)
        self.total_ns = 0

    def note(self, duration_ns: int) -> None:
        self.counts[bisect_left(self.bounds_ns, duration_ns)] += 1
        if duration_ns > 0:
            self.total_ns += duration_ns
