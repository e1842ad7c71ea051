"""Markouts: how far the mid went in the desk's favour after a fill. Pure."""

from decimal import Decimal

from cockpit.accounting.pnl import worth
from venue.protocol.assets import Pair

HORIZONS_S = (1, 10, 60, 300)
"""Seconds after a fill at which the mid is looked at."""


def markout(pair: Pair, side: str, base: int, quote: int, mid: Decimal) -> int:
    """What the mid makes of a fill in hundredths of a bps of what was paid, half to even; above zero the desk gained.

    ``side`` is the desk's: a buy of ``base`` for ``quote`` (base units, above zero) gains when the mid is higher.
    """
    gained = worth(pair, base, mid) - quote
    whole, rest = divmod((gained if side == "buy" else -gained) * 1_000_000, quote)
    return whole + (2 * rest > quote or (2 * rest == quote and whole % 2 == 1))


def in_bps(hundredths: int) -> Decimal:
    """The same in bps."""
    return Decimal(hundredths).scaleb(-2)
