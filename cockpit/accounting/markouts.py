"""Markouts: how far the mid moved in the desk's favour after a fill. Pure."""

from decimal import Decimal

from cockpit.accounting.pnl import value_at_mid
from venue.protocol.assets import Market

HORIZONS_S = (1, 10, 60, 300)
"""Seconds after a fill."""


def markout(pair: Market, side: str, base: int, quote: int, mid: Decimal) -> int:
    """Return a fill's gain at the mid in hundredths of a bps of its EURe amount, rounded half to even.

    ``side`` is the desk's: a buy of ``base`` for ``quote`` (base units, above zero) gains when the mid is higher.
    """
    gained = value_at_mid(pair, base, mid) - quote
    whole, rest = divmod((gained if side == "buy" else -gained) * 1_000_000, quote)
    return whole + (2 * rest > quote or (2 * rest == quote and whole % 2 == 1))


def in_bps(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)
