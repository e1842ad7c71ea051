"""Markouts: how far the mid moved in the desk's favour after a fill. Pure."""

from decimal import Decimal

from cockpit.accounting.pnl import value_at_mid
from venue.protocol.assets import Unit

HORIZONS_S = (1, 10, 60, 300)
"""Seconds after a fill."""


def markout(base: Unit, quote: Unit, side: str, amount: int, paid: int, mid: Decimal) -> int:
    """Return a fill's gain at the mid in hundredths of a bps of its quote amount, rounded half to even.

    ``side`` is the desk's: a buy of ``amount`` for ``paid`` (base units, above zero) gains when the mid is higher.
    """
    gained = value_at_mid(base, quote, amount, mid) - paid
    whole, rest = divmod((gained if side == "buy" else -gained) * 1_000_000, paid)
    return whole + (2 * rest > paid or (2 * rest == paid and whole % 2 == 1))


def in_bps(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)
