"""The markets of the exchanges, and the courses of their prices, with a day before the start."""

import math
from decimal import Decimal

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.fault_values import Exchange
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.price_path import VOLATILITY, PairWalk, PricePath, cents

MINUTE_NS = 60 * NS_PER_S
PAST_MINUTES = 24 * 60
_ETH_EUR = Decimal("2800.00")
_EUR_USD = Decimal("1.08")
_CALM = 1.5e-5
"""Volatility of the rate of two currencies over one market second (about 8 % a year)."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One market. ``grid``: the distance of its book's levels. ``coarse`` and ``fine``: decimals of Kraken's prices and
    of the others'.
    """

    base: str
    quote: str
    grid: Decimal
    coarse: int
    fine: int = 2

    @property
    def symbol(self) -> str:
        return f"{self.base}/{self.quote}"

    def decimals(self, exchange: Exchange) -> int:
        return self.coarse if exchange == "kraken" else self.fine

    def step(self, exchange: Exchange) -> Decimal:
        return Decimal(1).scaleb(-self.decimals(exchange))


MAIN = Listing(base="BTC", quote="EUR", grid=Decimal(1), coarse=1)
"""The market of the venue's price path."""
LISTINGS = (
    MAIN,
    Listing(base="BTC", quote="USD", grid=Decimal(1), coarse=1),
    Listing(base="ETH", quote="EUR", grid=Decimal("0.1"), coarse=2),
)


class CrossPath:
    """A price in another currency: that of the path, times the rate of its currency."""

    def __init__(self, path: PricePath, rate: PricePath) -> None:
        self._path = path
        self._rate = rate

    def mid_at(self, offset_ns: int) -> Decimal:
        return (self._path.mid_at(offset_ns) * self._rate.mid_at(offset_ns)).quantize(Decimal("0.01"))


class PastPath:
    """A path and the day before its start, which is walked backwards from its first price, in minutes."""

    def __init__(self, path: PricePath, *seed: object) -> None:
        self._path = path
        self._seed = seed
        self._past: list[float] = []

    def mid_at(self, offset_ns: int) -> Decimal:
        if offset_ns >= 0:
            return self._path.mid_at(offset_ns)
        if not self._past:
            self._past = self._walk()
        minute, rest = divmod(min(-offset_ns, PAST_MINUTES * MINUTE_NS), MINUTE_NS)
        near, far = self._past[minute], self._past[min(minute + 1, PAST_MINUTES)]
        return cents(near + (far - near) * (rest / MINUTE_NS))

    def _walk(self) -> list[float]:
        chance = rng(*self._seed, "past")
        past = [float(self._path.mid_at(0))]
        for _ in range(PAST_MINUTES):
            past.append(past[-1] * math.exp(chance.gauss(0, VOLATILITY * math.sqrt(60))))
        return past


def paths(path: PricePath, seed: int, speed: float) -> dict[str, PricePath]:
    """Return the course of every market by its symbol; that of ``MAIN`` is the venue's own."""

    dollar = PairWalk(seed, "EUR/USD", _EUR_USD, volatility=_CALM, speed=speed)
    courses: dict[str, PricePath] = {
        "BTC/EUR": path,
        "BTC/USD": CrossPath(path, dollar),
        "ETH/EUR": PairWalk(seed, "ETH/EUR", _ETH_EUR, volatility=VOLATILITY, speed=speed),
    }
    return {symbol: PastPath(course, seed, symbol) for symbol, course in courses.items()}
