"""Moves of the price that a scenario orders, on top of whatever path the market takes."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from venue.sandbox.flow.price_path import PricePath, cents


class PriceMove(msgspec.Struct, frozen=True, kw_only=True):
    """From market time ``at_ns`` the price moves within ``over_ns``: by ``bps``, or until it is at ``to`` (EUR).

    Exactly one of both is set. It stays moved: the path goes on from there.
    """

    at_ns: int
    over_ns: int = 0
    bps: Decimal | None = None
    to: Decimal | None = None

    @property
    def end_ns(self) -> int:
        return self.at_ns + self.over_ns


class MovedPath:
    """A path and its moves, which follow each other: none starts before the one before it has ended."""

    def __init__(self, path: PricePath, moves: Sequence[PriceMove]) -> None:
        self._path = path
        self._moves = tuple(moves)
        self._starts = [move.at_ns for move in moves]
        # The logarithm of the factor after so many moves.
        self._factors = [0.0]
        for move in moves:
            before = self._factors[-1]
            if move.to is not None:
                self._factors.append(math.log(float(move.to) / float(path.mid_at(move.end_ns))))
            else:
                self._factors.append(before + math.log1p(float(move.bps or 0) / 10_000))

    def mid_at(self, offset_ns: int) -> Decimal:
        mid = self._path.mid_at(offset_ns)
        begun = bisect_right(self._starts, offset_ns)
        if not begun:
            return mid
        move, before, after = self._moves[begun - 1], self._factors[begun - 1], self._factors[begun]
        done = min(1.0, (offset_ns - move.at_ns) / move.over_ns) if move.over_ns else 1.0
        return cents(float(mid) * math.exp(before + (after - before) * done))
