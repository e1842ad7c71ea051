"""Which half spreads were tried, at which volatility. Nothing is said of others. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from statistics import fmean

import msgspec

from cockpit.tuning.trials import Trial, quantile

BANDS = 5
"""Bands of σ√T with as many quotes each: a width that was tried in a calm market says little of a storm."""
LEAST_IN_BAND = 20
RANGE = (0.02, 0.98)
MARGIN_BPS = 2.0
SAME_BPS = 0.05
"""Half spreads that differ by less are one."""
LEAST_SPREAD_BPS = 4.0
"""Where widths at one volatility differ by less, their effect was not seen, and no other width is known."""
LEAST_INSIDE = 0.60
"""A candidate is unknown when a smaller share of its quotes lies inside."""


class _Band(msgspec.Struct, frozen=True):
    """Half spreads at similar σ√T: from ``low`` to ``high`` around the line on which they follow it."""

    middle: float
    at: float
    slope: float
    low: float
    high: float

    def inside(self, trial: Trial) -> bool:
        margin = MARGIN_BPS if self.high - self.low >= LEAST_SPREAD_BPS else SAME_BPS
        return self.low - margin <= self._off(trial) <= self.high + margin

    def _off(self, trial: Trial) -> float:
        return trial.half - self.at - self.slope * (trial.deviation - self.middle)


class TriedWidths:
    """The half spreads that were tried in each band of σ√T.

    A half spread that follows σ√T along one line tries one width only, however far the market moves.
    """

    def __init__(self, tried: Iterable[Trial]) -> None:
        ordered = sorted(tried, key=lambda trial: trial.deviation)
        bands = max(1, min(BANDS, len(ordered) // LEAST_IN_BAND))
        parts = [ordered[len(ordered) * band // bands : len(ordered) * (band + 1) // bands] for band in range(bands)]
        self._starts = [part[0].deviation for part in parts[1:]]
        self._bands = [_band(part) for part in parts if part]

    def inside(self, trial: Trial) -> bool:
        """Return whether a half spread as wide, at most 2 bps apart, was tried at such a volatility."""
        if not self._bands:
            return False
        return self._bands[bisect_right(self._starts, trial.deviation)].inside(trial)


def _band(part: Sequence[Trial]) -> _Band:
    middle, at = fmean(one.deviation for one in part), fmean(one.half for one in part)
    spread = sum((one.deviation - middle) ** 2 for one in part)
    slope = sum((one.deviation - middle) * (one.half - at) for one in part) / spread if spread > 0 else 0.0
    ordered = sorted(one.half - at - slope * (one.deviation - middle) for one in part)
    return _Band(middle, at, slope, quantile(ordered, RANGE[0]), quantile(ordered, RANGE[1]))
