"""The trades of one market, and what they add up to: candles and the figures of a day.

The tape starts a day before the market's start; of all but its last hours there are only the sums. Which trades there
are depends on seed and market time alone; what is kept is bounded. Inside, prices and amounts are whole numbers: price
steps, and hundred-millionths of the coin.
"""

import math
from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from random import Random

import msgspec

from venue.sandbox.base.seeding import derive, rng
from venue.sandbox.exchanges.markets.listings import MINUTE_NS, PAST_MINUTES
from venue.sandbox.exchanges.markets.prices import ExchangeFeed

KEPT_TRADES = 1_000
KEPT_MINUTES = 2 * PAST_MINUTES
DAY_NS = PAST_MINUTES * MINUTE_NS
_TOLD_BEFORE_NS = 3 * 3_600 * 10**9
"""For so long before the market's start there are trades, and not sums alone; more than ``KEPT_TRADES`` of them."""
_FIRST_NUMBER = 90_000_000
_MEDIAN_VALUE = 800.0
_SIGMA = 1.5
_MEAN_VALUE = _MEDIAN_VALUE * math.exp(_SIGMA**2 / 2)
_SMALLEST = 1_000
_AROUND = 0.0003
"""How far a minute's extremes are from its first and last price, as a share of it."""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """``number`` rises by one from trade to trade; ``at_ns`` is UTC nanoseconds by the venue's clock."""

    number: int
    price: Decimal
    size: Decimal
    taker_buys: bool
    at_ns: int


class Candle(msgspec.Struct, frozen=True, kw_only=True):
    """The trades of a time that starts at ``start_ns``, UTC nanoseconds."""

    start_ns: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal
    volume: Decimal
    trades: int


class _Sum:
    """Trades of some time, added up; ``turnover`` is price times amount."""

    __slots__ = ("close", "high", "low", "open", "start_ns", "trades", "turnover", "volume")

    def __init__(self, start_ns: int, price: int, volume: int, trades: int = 1) -> None:
        self.start_ns = start_ns
        self.open = self.high = self.low = self.close = price
        self.volume = volume
        self.turnover = price * volume
        self.trades = trades

    def add(self, other: "_Sum") -> None:
        """Take in later trades."""
        self.high, self.low, self.close = max(self.high, other.high), min(self.low, other.low), other.close
        self.volume += other.volume
        self.turnover += other.turnover
        self.trades += other.trades

    def copy(self, start_ns: int | None = None) -> "_Sum":
        made = _Sum(self.start_ns if start_ns is None else start_ns, self.open, self.volume, self.trades)
        made.high, made.low, made.close, made.turnover = self.high, self.low, self.close, self.turnover
        return made


class TradeTape:
    """One market's trades up to now; ``parts``, the seed among them, choose them."""

    def __init__(self, feed: ExchangeFeed, *parts: object) -> None:
        self._feed = feed
        self._parts = parts
        self._until_ns: int | None = None
        self._number = _FIRST_NUMBER
        self._drawn: tuple[int, list[tuple[int, bool, float]]] = (-(2**63), [])
        self._trades: deque[tuple[int, int, int, bool, int]] = deque(maxlen=KEPT_TRADES)
        self._minutes: deque[_Sum] = deque(maxlen=KEPT_MINUTES)
        self._closed: dict[str, tuple[tuple[int, int], _Sum | None]] = {}

    @property
    def started(self) -> bool:
        return self._until_ns is not None

    def advance(self) -> None:
        """Take in what was dealt since the last time; nothing is dealt on an exchange that is frozen."""
        now_ns, wall_ns = self._feed.offset_ns(), self._feed.clock()
        if self._until_ns is None:
            self._until_ns = -_TOLD_BEFORE_NS
            self._sum_past(wall_ns - now_ns)
        elif self._feed.frozen:
            self._until_ns = now_ns
        until_ns = self._until_ns
        # After a long absence only what could still be shown.
        first, wanted = until_ns // MINUTE_NS, now_ns // MINUTE_NS - KEPT_MINUTES
        self._number += sum(self._count(minute) for minute in range(first, wanted))
        for minute in range(max(first, wanted), now_ns // MINUTE_NS + 1):
            for at_ns, buys, value in self._draw(minute):
                if until_ns <= at_ns < now_ns:
                    self._deal(at_ns, wall_ns - now_ns, value, buys=buys)
        self._until_ns = max(until_ns, now_ns)

    def last(self) -> Trade:
        self.advance()
        return self._trade(self._trades[-1])

    def since(self, number: int) -> list[Trade]:
        """Return the trades that are kept and have a higher number, oldest first."""
        self.advance()
        newer = []
        for row in reversed(self._trades):
            if row[0] <= number:
                break
            newer.append(self._trade(row))
        return newer[::-1]

    def trades(self, count: int = KEPT_TRADES) -> list[Trade]:
        """Return the newest trades, oldest first."""
        self.advance()
        return [self._trade(row) for row in list(self._trades)[-count:]]

    def candles(self, minutes: int = 1, *, since_ns: int | None = None) -> list[Candle]:
        """Return candles of that length, oldest first; without those in which nothing was dealt."""
        self.advance()
        length_ns = minutes * MINUTE_NS
        merged: list[_Sum] = []
        for minute in self._minutes:
            start_ns = minute.start_ns // length_ns * length_ns
            if since_ns is not None and start_ns < since_ns:
                continue
            if merged and merged[-1].start_ns == start_ns:
                merged[-1].add(minute)
            else:
                merged.append(minute.copy(start_ns))
        return [self._candle(one) for one in merged]

    def day(self) -> Candle:
        """Return the last 24 hours, to the minute."""
        return self._total("day", (self._feed.clock() - DAY_NS) // MINUTE_NS * MINUTE_NS + MINUTE_NS)

    def today(self) -> Candle:
        """Return the time since midnight, UTC."""
        return self._total("today", self._feed.clock() // DAY_NS * DAY_NS)

    def _total(self, name: str, since_ns: int) -> Candle:
        self.advance()
        newest = self._minutes[-1]
        key = (since_ns, newest.start_ns)
        known = self._closed.get(name)
        if known is None or known[0] != key:
            closed = _added(one for one in self._minutes if since_ns <= one.start_ns < newest.start_ns)
            known = self._closed[name] = (key, closed)
        total = _added(one for one in (known[1], newest) if one is not None)
        return self._candle(newest if total is None else total)

    def _sum_past(self, started_ns: int) -> None:
        """Sum up the minutes before the first of which the trades are told; the market started at ``started_ns``."""
        for minute in range(-PAST_MINUTES, -_TOLD_BEFORE_NS // MINUTE_NS):
            chance = self._chance(minute)
            count, at_ns = self._count(minute), minute * MINUTE_NS
            opened, closed = (self._feed.dealt_at(at_ns + part, buys=chance.random() < 0.5) for part in (0, MINUTE_NS))
            volume = count * _MEAN_VALUE * chance.uniform(0.5, 1.5) / (opened * float(self._feed.step)) * 10**8
            one = _Sum((started_ns + at_ns) // MINUTE_NS * MINUTE_NS, opened, round(volume), count)
            one.close = closed
            one.high = round(max(opened, closed) * (1 + abs(chance.gauss(0, _AROUND))))
            one.low = round(min(opened, closed) * (1 - abs(chance.gauss(0, _AROUND))))
            one.turnover = one.volume * (opened + closed) // 2
            self._number += count
            self._minutes.append(one)

    def _draw(self, minute: int) -> list[tuple[int, bool, float]]:
        """Return of a minute's trades the time since the market's start, whether the taker bought, and the value."""
        if self._drawn[0] != minute:
            chance = self._chance(minute)
            times = sorted(chance.random() for _ in range(self._count(minute)))
            spread = math.log(_MEDIAN_VALUE)
            rows = [
                (int((minute + place) * MINUTE_NS), chance.random() < 0.5, chance.lognormvariate(spread, _SIGMA))
                for place in times
            ]
            self._drawn = (minute, rows)
        return self._drawn[1]

    def _chance(self, minute: int) -> Random:
        return rng(*self._parts, "tape", minute)

    def _count(self, minute: int) -> int:
        return 6 + derive(*self._parts, "trades", minute)[0] % 13

    def _deal(self, at_ns: int, started_ns: int, value: float, *, buys: bool) -> None:
        price, wall_ns = self._feed.dealt_at(at_ns, buys=buys), started_ns + at_ns
        size = max(_SMALLEST, round(value / (price * float(self._feed.step)) * 10**8))
        self._number += 1
        self._trades.append((self._number, price, size, buys, wall_ns))
        one = _Sum(wall_ns // MINUTE_NS * MINUTE_NS, price, size)
        # The wall clock may be set back; a minute never is.
        if self._minutes and one.start_ns <= self._minutes[-1].start_ns:
            self._minutes[-1].add(one)
        else:
            self._minutes.append(one)

    def _trade(self, row: tuple[int, int, int, bool, int]) -> Trade:
        number, price, size, buys, at_ns = row
        return Trade(
            number=number,
            price=price * self._feed.step,
            size=Decimal(size).scaleb(-8),
            taker_buys=buys,
            at_ns=at_ns,
        )

    def _candle(self, one: _Sum) -> Candle:
        step = self._feed.step
        return Candle(
            start_ns=one.start_ns,
            open=one.open * step,
            high=one.high * step,
            low=one.low * step,
            close=one.close * step,
            vwap=round(one.turnover / one.volume) * step,
            volume=Decimal(one.volume).scaleb(-8),
            trades=one.trades,
        )


def _added(parts: Iterable[_Sum]) -> _Sum | None:
    total = None
    for one in parts:
        if total is None:
            total = one.copy()
        else:
            total.add(one)
    return total
