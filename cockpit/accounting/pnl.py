"""P&L by average cost, in whole base units of EURe. Pure.

BTC held at the start of a span, and deposited BTC, cost the mid of that moment. A sale realises its proceeds less the
average cost of the BTC sold. Withdrawn BTC leaves at the mid of that moment, so its gain is realised too. BTC still
held at the end is marked to the closing mid.
"""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

import msgspec

from venue.protocol.assets import Unit

PRICE_DECIMALS = 8


class InventoryChange(msgspec.Struct, frozen=True, gc=False):
    """A fill, deposit or withdrawal in signed base units. ``mid``: None for a fill, else the mid at that moment."""

    base: int
    quote: int
    mid: Decimal | None = None


class Pnl(msgspec.Struct, frozen=True, kw_only=True):
    """Base units of EURe; ``realised`` + ``unrealised`` = ``total``, the change in value less money in and out."""

    realised: int
    unrealised: int
    total: int


@lru_cache(4_096)
def _price_of_unit(mid: Decimal, decimals: int) -> tuple[int, int]:
    """Return a mid between base units that are so many decimals apart, as numerator and denominator; a report asks for
    the same again and again."""
    scaled = mid.scaleb(PRICE_DECIMALS)
    units = int(scaled)
    if units != scaled:
        raise ValueError(f"the mid {mid} has more than {PRICE_DECIMALS} decimals")
    shift = decimals - PRICE_DECIMALS
    return units * 10 ** max(shift, 0), 10 ** max(-shift, 0)


def value_at_mid(base: Unit, quote: Unit, amount: int, mid: Decimal) -> int:
    """Return the value of so many base units of the base in base units of the quote.

    It is exact where the quote has at least 8 decimals more than the base, else rounded down. Raises ValueError for a
    mid with more than 8 decimals.
    """
    numerator, denominator = _price_of_unit(mid, quote.decimals - base.decimals)
    return amount * numerator // denominator


def average_cost_pnl(
    base: Unit,
    quote: Unit,
    held: int,
    opening_mid: Decimal,
    changes: Iterable[InventoryChange],
    closing_mid: Decimal,
) -> Pnl:
    """Return the P&L of a span that started with ``held`` base units of BTC and saw these changes in order.

    The cost of what is held is kept in whole base units of EURe, rounded down at each sale: ``realised`` and
    ``unrealised`` may be off by one a sale, ``total`` is exact. A fraction would grow with every sale.
    """
    position, cost = held, value_at_mid(base, quote, held, opening_mid)
    realised, cash = 0, 0
    for change in changes:
        paid = change.quote if change.mid is None else -value_at_mid(base, quote, change.base, change.mid)
        if change.base == 0:
            # Only EURe moved: a deposit or withdrawal, or a fill that cannot happen.
            cash += paid if change.mid is None else 0
            realised += paid if change.mid is None else 0
            continue
        cash += paid
        position, cost, gained = _step(position, cost, change.base, paid)
        realised += gained
    total = cash + value_at_mid(base, quote, position, closing_mid) - value_at_mid(base, quote, held, opening_mid)
    return Pnl(realised=realised, unrealised=total - realised, total=total)


def _step(position: int, cost: int, base: int, paid: int) -> tuple[int, int, int]:
    """Return position, cost and realised gain after signed changes of ``base`` BTC and ``paid`` EURe."""
    if position == 0 or (position > 0) == (base > 0):
        return position + base, cost - paid, 0
    closes = min(abs(base), abs(position))
    taken, bringing = cost * closes // abs(position), paid * closes // abs(base)
    gained = bringing - taken
    if abs(base) <= abs(position):
        return position + base, cost - taken, gained
    return position + base, bringing - paid, gained
