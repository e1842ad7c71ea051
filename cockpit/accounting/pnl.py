"""Profit and loss by average cost, exact to the base unit of EURe. Pure.

BTC that is held when a span begins, and BTC that comes in by a deposit, cost what the mid was at that moment. A sale
realises what it brought less the average cost of what it gave. BTC that is withdrawn leaves at the mid of that moment,
so its gain is realised too. What is still held is marked to the closing mid.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from math import floor

import msgspec

from venue.protocol.assets import Pair

PRICE_DECIMALS = 8


class Move(msgspec.Struct, frozen=True, gc=False):
    """A change of the inventory, signed base units. ``mid``: None for a fill, the mid of the moment for a flow."""

    base: int
    quote: int
    mid: Decimal | None = None


class Profit(msgspec.Struct, frozen=True, kw_only=True):
    """Base units of EURe; ``realised`` + ``unrealised`` is ``total``, the change in value less money in and out."""

    realised: int
    unrealised: int
    total: int


def worth(pair: Pair, base: int, mid: Decimal) -> int:
    """What so many base units of BTC are worth at the mid, in base units of EURe; the mid has at most 8 decimals.

    Raises ValueError for a finer mid: nothing here is rounded.
    """
    scaled = mid.scaleb(PRICE_DECIMALS)
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"the mid {mid} has more than {PRICE_DECIMALS} decimals")
    return base * units * 10 ** (pair.quote.decimals - pair.base.decimals - PRICE_DECIMALS)  # type: ignore[no-any-return]


def profit(pair: Pair, held: int, opening_mid: Decimal, moves: Iterable[Move], closing_mid: Decimal) -> Profit:
    """The profit of a span that began with ``held`` base units of BTC and saw these moves in order."""
    position, cost = held, Fraction(worth(pair, held, opening_mid))
    realised, cash = Fraction(0), 0
    for move in moves:
        paid = move.quote if move.mid is None else -worth(pair, move.base, move.mid)
        if move.base == 0:
            # EURe alone moved: money in or out, or a fill that cannot be.
            cash += paid if move.mid is None else 0
            realised += paid if move.mid is None else 0
            continue
        cash += paid
        position, cost, gained = _step(position, cost, move.base, Fraction(paid))
        realised += gained
    total = cash + worth(pair, position, closing_mid) - worth(pair, held, opening_mid)
    booked = floor(realised)
    return Profit(realised=booked, unrealised=total - booked, total=total)


def _step(position: int, cost: Fraction, base: int, paid: Fraction) -> tuple[int, Fraction, Fraction]:
    """Position, its cost and what was realised after ``base`` came in and ``paid`` EURe with it, both signed."""
    if position == 0 or (position > 0) == (base > 0):
        return position + base, cost - paid, Fraction(0)
    closes = min(abs(base), abs(position))
    taken, bringing = cost * closes / abs(position), paid * closes / abs(base)
    left = position + base
    gained = bringing - taken
    if abs(base) <= abs(position):
        return left, cost - taken, gained
    return left, -(paid - bringing), gained
