"""Percentiles of measured times."""

from collections.abc import Sequence
from math import ceil


def percentile(ordered: Sequence[int], part: float) -> int | None:
    """Return the smallest of the sorted values that ``part`` (0 to 1) of them do not exceed; None if there are none."""
    return ordered[_rank(len(ordered), part)] if ordered else None


def _rank(count: int, part: float) -> int:
    # The nearest rank, from 0; a share such as 0.99 is no exact binary fraction.
    return max(0, ceil(round(count * part, 6)) - 1)


def counted_percentile(counts: Sequence[tuple[int, int]], part: float) -> int | None:
    """Return ``percentile`` of values that are given once each, sorted, with how often they occur."""
    total = sum(count for _, count in counts)
    left = _rank(total, part)
    for value, count in counts:
        left -= count
        if left < 0:
            return value
    return None
