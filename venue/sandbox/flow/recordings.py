"""A recorded market: its bars, and the two ways to walk through one.

Floats stay inside the paths; the results are Decimals in whole cents.
"""

import csv
import math
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from pathlib import Path

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.errors import RecordingError
from venue.sandbox.flow.price_path import cents

CANDIDATES = 16
"""Of so many walks through a bar, the one whose range is nearest to the bar's is taken."""
MOST_POINTS = 1_440
KEPT_BARS = 64
"""Bars whose walks are kept: those that takers and rivals look at, before and after the present one."""


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One bar of a recording, ``end`` in whole seconds since the epoch."""

    end: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


_COLUMNS = ("time", "open", "high", "low", "close")


def read_bars(path: Path) -> tuple[Bar, ...]:
    """Read a CSV with the columns time (ISO 8601, the bar's end), open, high, low, close.

    Raises RecordingError when the file cannot be read or a line is not a valid bar.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise RecordingError(f"{path}: the first line must name the columns {','.join(_COLUMNS)}")
            bars: list[Bar] = []
            for row in rows:
                bar = _bar(path, rows.line_num, row)
                if bars and bar.end <= bars[-1].end:
                    raise RecordingError(
                        f"{path}, line {rows.line_num}: the time must be later than the previous line's"
                    )
                bars.append(bar)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{path} cannot be read: {error}") from error
    if not bars:
        raise RecordingError(f"{path} has no bars; it needs at least one")
    return tuple(bars)


def _bar(path: Path, line: int, row: dict[str, str | None]) -> Bar:
    where = f"{path}, line {line}"
    try:
        end = datetime.fromisoformat(row["time"] or "")
    except ValueError as error:
        raise RecordingError(f"{where}: time {row['time']!r} is not an ISO 8601 time") from error
    prices = []
    for name in _COLUMNS[1:]:
        try:
            price = Decimal(row[name] or "")
        except InvalidOperation as error:
            raise RecordingError(f"{where}: {name} {row[name]!r} is not a number") from error
        if not price.is_finite() or price <= 0:
            raise RecordingError(f"{where}: {name} {row[name]!r} must be above zero")
        prices.append(price)
    opening, high, low, close = prices
    if not low <= min(opening, close) <= max(opening, close) <= high:
        raise RecordingError(f"{where}: open and close must be between low and high")
    aware = end if end.tzinfo else end.replace(tzinfo=UTC)
    return Bar(end=int(aware.timestamp()), open=opening, high=high, low=low, close=close)


class _BarredPath:
    """Finds the bar of a moment; after the end of the recording the last close stands."""

    def __init__(self, bars: tuple[Bar, ...], speed: float) -> None:
        if not bars:
            raise RecordingError("a recording needs at least one bar")
        usual = bars[1].end - bars[0].end if len(bars) > 1 else 60
        self._bars = bars
        self._speed = speed
        self._starts = [bars[0].end - usual, *(bar.end for bar in bars[:-1])]

    def mid_at(self, offset_ns: int) -> Decimal:
        at = self._starts[0] + max(0, offset_ns) / NS_PER_S * self._speed
        index = bisect_right(self._starts, at) - 1
        bar, start = self._bars[index], self._starts[index]
        if at >= bar.end:
            return cents(float(bar.close))
        points = self._walk(index, bar.end - start)
        place = (at - start) / (bar.end - start) * (len(points) - 1)
        leg = min(len(points) - 2, int(place))
        return cents(points[leg] + (points[leg + 1] - points[leg]) * (place - leg))

    def _walk(self, index: int, seconds: int) -> Sequence[float]:
        """Return the prices of this bar, evenly spaced, from its open to its close."""
        raise NotImplementedError


class RecordedPath(_BarredPath):
    """A recording, replayed bar by bar in straight legs.

    Inside a bar the price moves from the open to the extreme opposite to the bar's direction, to the other extreme, to
    the close, in three parts of equal length. Its moves from second to second follow one another: no volatility can be
    learned from them. ``speed`` is market seconds per real second.
    """

    def __init__(self, bars: tuple[Bar, ...], speed: float = 1.0) -> None:
        super().__init__(bars, speed)

    def _walk(self, index: int, seconds: int) -> Sequence[float]:
        bar = self._bars[index]
        first, second = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
        return [float(price) for price in (bar.open, first, second, bar.close)]


class BridgedPath(_BarredPath):
    """A recording, each bar of which is walked at random from its open to its close: a seeded Brownian bridge.

    Open and close are exact, the range is near the bar's, and the moves inside are as independent as those of a market.
    ``speed`` is market seconds per real second.
    """

    def __init__(self, bars: tuple[Bar, ...], seed: int, speed: float = 1.0) -> None:
        super().__init__(bars, speed)
        self._seed = seed
        self._walks: dict[int, Sequence[float]] = {}

    def _walk(self, index: int, seconds: int) -> Sequence[float]:
        walk = self._walks.get(index)
        if walk is None:
            walk = _bridge(self._bars[index], self._seed, index, steps=min(4 * seconds, MOST_POINTS))
            self._walks[index] = walk
            if len(self._walks) > KEPT_BARS:
                del self._walks[next(iter(self._walks))]
        return walk


def _bridge(bar: Bar, seed: int, index: int, *, steps: int) -> Sequence[float]:
    chance = rng(seed, "bar", index)
    opening, closing, high, low = (math.log(price) for price in (bar.open, bar.close, bar.high, bar.low))
    # Parkinson's estimate of the deviation over the bar, from its range.
    sigma = (high - low) / math.sqrt(4 * math.log(2))
    best, least = [opening, closing], math.inf
    for _ in range(CANDIDATES):
        walk = list(accumulate((chance.gauss(0, sigma / math.sqrt(steps)) for _ in range(steps)), initial=opening))
        tilt = (closing - walk[-1]) / steps
        walk = [point + tilt * step for step, point in enumerate(walk)]
        off = abs(max(walk) - high) + abs(min(walk) - low)
        if off < least:
            best, least = walk, off
    prices = array("d", (math.exp(point) for point in best))
    prices[0], prices[-1] = float(bar.open), float(bar.close)
    return prices
