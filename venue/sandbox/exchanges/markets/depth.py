"""The order book behind the best bid and ask: prices on a grid, whose sizes change now and then."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from venue.sandbox.base.seeding import derive
from venue.sandbox.exchanges.markets.prices import Book

MOST_LEVELS = 1_000
"""Levels of one side, at most; Kraken's deepest subscription."""
_SHORTEST_TICKS = 24
_PHASES = 997
_MASK = 2**64 - 1
GONE = Decimal("0.00000000")
"""The size of a level that is no longer there, as updates state it."""


class Level(NamedTuple):
    price: Decimal
    size: Decimal


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides, best first."""

    bids: Sequence[Level]
    asks: Sequence[Level]


class Ladder:
    """Fills up one market's book, as a pure function of seed, best prices and tick.

    A level keeps its size for some seconds, so that a reader of updates hears of few levels at a time. ``grid`` is the
    distance of the levels, a multiple of ``step``.
    """

    def __init__(self, *parts: object, step: Decimal, grid: Decimal) -> None:
        self._key = int.from_bytes(derive(*parts, "ladder")[:8])
        self._step = step
        self._grid = int(grid / step)
        self._known: dict[tuple[int, int], tuple[int, Level]] = {}
        """By direction and price, in steps: until which period a level stands."""
        self._latest: tuple[tuple[Decimal, Decimal, int], int, Depth] | None = None

    def depth(self, book: Book, levels: int) -> Depth:
        """Return so many levels of each side; fewer where the prices end."""
        key = (book.bid, book.ask, book.tick)
        if self._latest is None or self._latest[0] != key or self._latest[1] < levels:
            if len(self._known) > 8 * MOST_LEVELS:
                self._known.clear()
            bids, asks = (self._side(best, way, book.tick, levels) for best, way in ((book.bid, -1), (book.ask, 1)))
            self._latest = (key, levels, Depth(bids=bids, asks=asks))
        full = self._latest[2]
        return Depth(bids=full.bids[:levels], asks=full.asks[:levels])

    def _side(self, best: Decimal, direction: int, tick: int, levels: int) -> list[Level]:
        top = int(best / self._step)
        whole, over = divmod(top, self._grid)
        # The next price of the grid that is worse than the best one.
        first = whole + 1 if direction > 0 else whole - (0 if over else 1)
        prices = [top, *((first + direction * index) * self._grid for index in range(levels - 1))]
        return [self._level(price, direction, tick) for price in prices if price > 0]

    def _level(self, price: int, direction: int, tick: int) -> Level:
        phase = price * 31 % _PHASES
        period = (tick + phase) // (_SHORTEST_TICKS + phase % 64)
        known = self._known.get((direction, price))
        if known is not None and known[0] == period:
            return known[1]
        drawn = _mixed(self._key ^ _mixed(price * 2 + (direction > 0)) ^ _mixed(period << 1))
        level = Level(price * self._step, Decimal(1_000_000 + drawn % 249_000_000).scaleb(-8))
        self._known[direction, price] = (period, level)
        return level


def _mixed(value: int) -> int:
    """Spread 64 bits evenly (the finalizer of SplitMix64)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def changes(before: Sequence[Level], now: Sequence[Level], *, rising: bool, beyond: bool) -> list[Level]:
    """Return the levels that turn one side into the other, those with the size ``GONE`` first.

    ``rising``: whether the side is that of the asks. ``beyond``: whether it says so when a level is gone because it is
    deeper than the deepest one now. A reader who keeps as many levels as were asked for drops these itself.
    """
    sizes, new = dict(before), dict(now)
    deepest = now[-1].price

    def told(price: Decimal) -> bool:
        return beyond or (price < deepest if rising else price > deepest)

    gone = [Level(price, GONE) for price in sizes if price not in new and told(price)]
    return gone + [level for level in now if sizes.get(level.price) != level.size]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What turns one book into the next."""

    bids: Sequence[Level]
    asks: Sequence[Level]


def book_changes(before: Depth, now: Depth, *, beyond: bool) -> Changes | None:
    """Return what ``changes`` says of both sides; None when nothing changed."""
    bids = changes(before.bids, now.bids, rising=False, beyond=beyond)
    asks = changes(before.asks, now.asks, rising=True, beyond=beyond)
    return Changes(bids=bids, asks=asks) if bids or asks else None
