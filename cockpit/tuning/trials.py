"""Quotes as a fit sees them. Numbers are floats: they are statistics, and nothing is priced or paid by them."""

from collections.abc import Iterable, Sequence

import msgspec


class Trial(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A quote that was, or would have been, sent. Widths are bps of the mid.

    ``half``: the half spread before the skew; ``width``: how far its price is from the mid, on its own side.
    ``deviation``: the standard deviation of the mid over its life. ``eure``: its notional.
    """

    at_ns: int
    half: float
    width: float
    deviation: float
    sigma: float
    eure: float


class Outcome60(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A sent quote that is over. ``kept``: a fill's markout after 60 s, bps; None when it was not filled."""

    trial: Trial
    kept: float | None

    @property
    def eur60(self) -> float:
        """Return what it earned by the mid of 60 s after the fill, EURe."""
        return 0.0 if self.kept is None else self.trial.eure * self.kept / 10_000


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of the sorted values lies, between two of them by a line."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def quantiles(values: Iterable[float], shares: Sequence[float]) -> tuple[float, ...]:
    """Return several quantiles; empty when there is no value."""
    ordered = sorted(values)
    return tuple(quantile(ordered, share) for share in shares) if ordered else ()
