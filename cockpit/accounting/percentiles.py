"""Percentiles of measured times."""

from collections.abc import Sequence


def percentile(ordered: Sequence[int], part: float) -> int | None:
    """Return the value below which ``part`` (0 to 1) of the sorted values lie; None if there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else None


def counted_percentile(counts: Sequence[tuple[int, int]], part: float) -> int | None:
    """Return ``percentile`` of values that are given once each, sorted, with how often they occur."""
    total = sum(count for _, count in counts)
    left = min(total - 1, int(total * part))
    for value, count in counts:
        left -= count
        if left < 0:
            return value
    return None
