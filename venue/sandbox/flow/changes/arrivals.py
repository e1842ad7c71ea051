"""When requests arrive whose rate changes at given times."""

import math
from collections.abc import Sequence


def next_arrival(rates: Sequence[tuple[float, float]], at: float, drawn: float) -> float | None:
    """Return the first arrival after second ``at``; None when nothing arrives any more.

    ``rates``: from each second on so many a second, in order. ``drawn``: from an exponential distribution of mean 1,
    so that with one rate the gap is ``drawn / rate``.
    """
    ends = [*(start for start, _ in rates[1:]), math.inf]
    for (start, rate), end in zip(rates, ends, strict=True):
        since = max(at, start)
        if since >= end:
            continue
        if rate > 0 and since + drawn / rate < end:
            return since + drawn / rate
        drawn -= rate * (end - since) if rate > 0 else 0.0
    return None
