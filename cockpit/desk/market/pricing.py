"""From the mid to a quote's amounts: spread, skew, and rounding in the desk's favour. Pure.

A price is Decimal EUR per BTC with at most 8 decimals. The side is the desk's: it *buys* BTC when BTC comes in.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from cockpit.model.events import Side
from venue.protocol.assets import PRICING, Market, PairAmounts

BPS = Decimal(10_000)
_TICK = Decimal("1e-8")
_ONE = Decimal(1)


class PriceParams(msgspec.Struct, frozen=True, kw_only=True):
    """Half spread and largest skew in bps of the mid, and the target share of BTC, 0 to 1."""

    half_spread_bps: Decimal = Decimal(20)
    max_skew_bps: Decimal = Decimal(15)
    target_btc_share: Decimal = Decimal("0.5")


class Bounds(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Limits as base units at one mid, so that a decision compares whole numbers.

    Base units are those of the underlyings. ``mid``: quote per base, numerator and denominator. ``keep``: how much must
    be left of either so that the other one's share stays within its limit; ``keep_reducing``: so that no quote, with
    all live ones settled, goes past the target share. Both are None while the balances are unknown.
    """

    committed: int
    signed: int
    loss: int
    mid: tuple[int, int]
    keep: PairAmounts | None
    keep_reducing: PairAmounts | None


class Prices(msgspec.Struct, frozen=True):
    """Bid and ask, and the skew in bps that both carry (negative: the desk wants to sell BTC)."""

    bid: Decimal
    ask: Decimal
    skew_bps: Decimal
    bounds: Bounds | None = None


class Amounts(msgspec.Struct, frozen=True, gc=False):
    """A priced quote in base units of its tokens.

    ``notional``, its quote side, and ``edge``, the gain against the mid, are in base units of the quote underlying.
    """

    amount_in: int
    amount_out: int
    notional: int
    edge: int


def skew_bps(share: Decimal | None, params: PriceParams) -> Decimal:
    """How far both prices move, in bps: up when BTC is short of its target, down when there is too much.

    ``max_skew_bps`` is reached when the inventory is all in one asset; a share of None (unknown) moves nothing.
    """
    if share is None:
        return Decimal(0)
    target = params.target_btc_share
    room = target if share < target else _ONE - target
    if room <= 0:
        return Decimal(0)
    lean = PRICING.divide(PRICING.subtract(target, share), room)
    lean = max(-_ONE, min(_ONE, lean))
    return PRICING.multiply(lean, params.max_skew_bps).quantize(Decimal("0.001"), context=PRICING)


def make_prices(mid: Decimal, skew: Decimal, params: PriceParams, min_edge_bps: Decimal) -> Prices:
    """Make bid and ask around the skewed mid, never closer to the mid than the least edge; bid down, ask up."""
    half = params.half_spread_bps
    down = max(PRICING.subtract(half, skew), min_edge_bps)
    up = max(PRICING.add(half, skew), min_edge_bps)
    bid = PRICING.multiply(mid, PRICING.subtract(_ONE, PRICING.divide(down, BPS)))
    ask = PRICING.multiply(mid, PRICING.add(_ONE, PRICING.divide(up, BPS)))
    return Prices(
        bid.quantize(_TICK, rounding=ROUND_FLOOR, context=PRICING),
        ask.quantize(_TICK, rounding=ROUND_CEILING, context=PRICING),
        skew,
    )


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def price_amounts(
    market: Market, side: Side, amount_in: int | None, amount_out: int | None, price: Decimal, mid: Decimal
) -> Amounts | None:
    """Price the amount left open, rounded for the desk: what it gives down, what it asks up; None when it is zero.

    Exactly one of the amounts is given (base units). The edge is floored. The protocol fee needs no widening: the
    Verifier takes it out of what a signer gives, so ``amount_out`` is the whole of what the desk parts with.
    """
    numerator, denominator = market.price_ratio(price)
    if side == "buy":
        if amount_in is not None:
            given, taken = amount_in * numerator // denominator, amount_in
        else:
            assert amount_out is not None
            given, taken = amount_out, _ceil_div(amount_out * denominator, numerator)
        paid, base = given, taken
    else:
        if amount_in is not None:
            given, taken = amount_in * denominator // numerator, amount_in
        else:
            assert amount_out is not None
            given, taken = amount_out, _ceil_div(amount_out * numerator, denominator)
        paid, base = taken, given
    if given <= 0 or taken <= 0:
        return None
    mid_numerator, mid_denominator = market.worth_ratio(mid)
    notional, worth = paid * market.quote.scale, base * market.base.scale * mid_numerator
    edge = worth // mid_denominator - notional if side == "buy" else notional - _ceil_div(worth, mid_denominator)
    return Amounts(taken, given, notional, edge)


def earns(market: Market, side: Side, amounts: Amounts, mid: Decimal, min_edge_bps: Decimal) -> bool:
    """Return whether the quote earns at least ``min_edge_bps`` of its value at the mid; exact, nothing is rounded."""
    numerator, denominator = market.price_ratio(mid)
    if side == "buy":
        value = amounts.amount_in * numerator
        gain = value - amounts.amount_out * denominator
    else:
        value = amounts.amount_out * numerator
        gain = amounts.amount_in * denominator - value
    bps_numerator, bps_denominator = min_edge_bps.as_integer_ratio()
    return gain * 10_000 * bps_denominator >= value * bps_numerator


def edge_bps(side: Side, amounts: Amounts) -> Decimal | None:
    """Return the edge in bps of the value at the mid, to a hundredth, rounded down; None when that value is zero."""
    value = amounts.notional + amounts.edge if side == "buy" else amounts.notional - amounts.edge
    if value <= 0:
        return None
    ratio = PRICING.divide(Decimal(amounts.edge * 10_000), Decimal(value))
    return ratio.quantize(Decimal("0.01"), rounding=ROUND_FLOOR, context=PRICING)
