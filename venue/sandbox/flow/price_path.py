"""The price of BTC in EUR during the run: a seeded random walk with jumps, or a recording.

Floats stay inside the generators; the results are Decimals in whole cents.

"""

import csv
import math
from array import array
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Protocol

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.errors import RecordingError

STEP_NS = NS_PER_S // 4
"""Real time between two points of the random walk."""

VOLATILITY = 1.1e-4
"""Standard deviation of the logarithm of the price over one market second (about 60 % a year)."""
JUMPS_PER_SECOND = 1 / 240
JUMP_SIZE = 0.0015


class PricePath(Protocol):
    """The mid price as a function of the time since the market's start, in nanoseconds of real time."""

    def mid_at(self, offset_ns: int) -> Decimal:
        """Return EUR per BTC in whole cents: the same for the same offset, in whatever order it is called."""
        ...


def cents(price: float) -> Decimal:
    """Convert a generator's float to a price in whole cents, at least one cent."""
    return Decimal(max(1, round(price * 100))).scaleb(-2)


class RandomWalk:
    """A geometric random walk with jumps, extended as needed. ``speed`` is market seconds per real second."""

    def __init__(self, seed: int, start_mid: Decimal, speed: float = 1.0) -> None:
        self._rng = rng(seed, "market")
        self._points = array("d", [float(start_mid)])
        market_seconds = speed * STEP_NS / NS_PER_S
        self._sigma = VOLATILITY * math.sqrt(market_seconds)
        self._jump_chance = 1 - math.exp(-JUMPS_PER_SECOND * market_seconds)

    def mid_at(self, offset_ns: int) -> Decimal:
        step, rest = divmod(max(0, offset_ns), STEP_NS)
        while len(self._points) < step + 2:
            self._extend()
        left, right = self._points[step], self._points[step + 1]
        return cents(left + (right - left) * (rest / STEP_NS))

    def _extend(self) -> None:
        move = self._rng.gauss(0, self._sigma)
        jump = self._rng.gauss(0, JUMP_SIZE)
        if self._rng.random() < self._jump_chance:
            move += jump
        self._points.append(self._points[-1] * math.exp(move))


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


class RecordedPath:
    """A recording, replayed bar by bar; after its end the last close stands.

    Inside a bar the price moves from the open to the extreme opposite to the bar's direction, to the other extreme, to
    the close, in three parts of equal length. ``speed`` is market seconds per real second.

    """

    def __init__(self, bars: tuple[Bar, ...], speed: float = 1.0) -> None:
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
        first, second = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
        corners = [float(price) for price in (bar.open, first, second, bar.close)]
        place = (at - start) / (bar.end - start) * 3
        leg = min(2, int(place))
        return cents(corners[leg] + (corners[leg + 1] - corners[leg]) * (place - leg))


class MarketClock:
    """Nanoseconds since the market's start: it stands still while the traders are paused.

    The same seed therefore meets the same prices, whenever the flow is started.

    """

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self._monotonic_ns = monotonic_ns
        self._elapsed = 0
        self._since: int | None = None

    def offset_ns(self) -> int:
        """Return the nanoseconds that the market has run."""
        return self._elapsed + (0 if self._since is None else self._monotonic_ns() - self._since)

    def run(self) -> None:
        if self._since is None:
            self._since = self._monotonic_ns()

    def pause(self) -> None:
        self._elapsed, self._since = self.offset_ns(), None
