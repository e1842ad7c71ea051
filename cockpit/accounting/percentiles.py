"""Percentiles of measured times."""

from collections.abc import Sequence


def percentile(ordered: Sequence[int], part: float) -> int | None:
    """Return the value below which ``part`` (0 to 1) of the sorted values lie; None if there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else None
