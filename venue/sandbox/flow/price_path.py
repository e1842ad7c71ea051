"""The price of BTC in EUR during the run: a seeded random walk with jumps.

Floats stay inside the generators; the results are Decimals in whole cents, or finer for a pair that needs it.
"""

import math
from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from venue.protocol.assets import PRICE_DECIMALS
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import rng

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


def finest(price: float) -> Decimal:
    """Convert a generator's float to a price with as many decimals as a price can have."""
    return Decimal(max(1, round(price * 10**PRICE_DECIMALS))).scaleb(-PRICE_DECIMALS)


class SteppedPath:
    """A path of one point every quarter of a real second, each made when it is first needed, and straight between.

    A subclass makes the points, in order.
    """

    def __init__(self, start: Decimal, rounded: Callable[[float], Decimal] = cents) -> None:
        self._points = array("d", [float(start)])
        self._rounded = rounded

    def mid_at(self, offset_ns: int) -> Decimal:
        return self._rounded(self.price_at(offset_ns))

    def price_at(self, offset_ns: int) -> float:
        """Return the price before it is rounded."""
        step, rest = divmod(max(0, offset_ns), STEP_NS)
        while len(self._points) < step + 2:
            self._points.append(self._points[-1] * math.exp(self._move()))
        left, right = self._points[step], self._points[step + 1]
        return left + (right - left) * (rest / STEP_NS)

    def _move(self) -> float:
        """Return the move of the price's logarithm in the next step."""
        raise NotImplementedError


class RandomWalk(SteppedPath):
    """A geometric random walk with jumps. ``speed`` is market seconds per real second."""

    def __init__(self, seed: int, start_mid: Decimal, speed: float = 1.0) -> None:
        super().__init__(start_mid)
        self._rng = rng(seed, "market")
        market_seconds = speed * STEP_NS / NS_PER_S
        self._sigma = VOLATILITY * math.sqrt(market_seconds)
        self._jump_chance = 1 - math.exp(-JUMPS_PER_SECOND * market_seconds)

    def _move(self) -> float:
        move = self._rng.gauss(0, self._sigma)
        jump = self._rng.gauss(0, JUMP_SIZE)
        if self._rng.random() < self._jump_chance:
            move += jump
        return move


class PairWalk(SteppedPath):
    """A random walk without jumps, of another pair than the desk's markets; the name makes it one of its own."""

    def __init__(self, seed: int, name: str, start: Decimal, *, volatility: float, speed: float = 1.0) -> None:
        super().__init__(start, finest)
        self._rng = rng(seed, "market", name)
        self._sigma = volatility * math.sqrt(speed * STEP_NS / NS_PER_S)

    def _move(self) -> float:
        return self._rng.gauss(0, self._sigma)


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
