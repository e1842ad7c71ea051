"""Markouts: how far the mid went in the desk's favour after a fill. Pure."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

HORIZONS_S = (1, 10, 60, 300)
"""Seconds after a fill at which the mid is looked at."""

SECOND_NS = 1_000_000_000
_CONTEXT = Context(prec=60)
_HUNDREDTH = Decimal("0.01")


def markout_bps(side: str, price: Decimal, mid: Decimal) -> Decimal:
    """The mid against a fill's price in bps of the price, to a hundredth; above zero: the desk is better off.

    ``side`` is the desk's: a buy gains when the mid is higher, a sell when it is lower. The price must not be zero.
    """
    gained = _CONTEXT.subtract(mid, price) if side == "buy" else _CONTEXT.subtract(price, mid)
    ratio = _CONTEXT.divide(_CONTEXT.multiply(gained, Decimal(10_000)), price)
    return ratio.quantize(_HUNDREDTH, rounding=ROUND_HALF_EVEN, context=_CONTEXT) + Decimal(0)
