"""From the mid to a quote's amounts: spread, skew, and rounding in the desk's favour. Pure.

A price is Decimal EUR per BTC with at most 8 decimals. Side is the desk's: it *buys* BTC when BTC comes in.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache
from typing import Literal

import msgspec

from venue.protocol.assets import Pair, PairAmounts

Side = Literal["buy", "sell"]

BPS = Decimal(10_000)
_TICK = Decimal("1e-8")
_PRICE_SCALE = 10**8
_CONTEXT = Context(prec=60)
_ONE = Decimal(1)


class PriceParams(msgspec.Struct, frozen=True, kw_only=True):
    """How the desk leans: half spread and largest skew in bps of the mid, and the target share of BTC, 0 to 1."""

    half_spread_bps: Decimal = Decimal(20)
    max_skew_bps: Decimal = Decimal(15)
    target_btc_share: Decimal = Decimal("0.5")


class Bounds(msgspec.Struct, frozen=True, gc=False):
    """Limits as base units at one mid, so that a decision compares whole numbers.

    ``mid`` is base units of EURe per base unit of BTC, numerator and denominator. ``keep``: how much BTC and EURe must
    be left so that the other one's share stays in its limit; ``keep_reducing``: so that no quote, all live ones counted
    as settled, goes past the target share. Both None while the balances are unknown.
    """

    promised: int
    loss: int
    mid: tuple[int, int]
    keep: PairAmounts | None
    keep_reducing: PairAmounts | None


class Prices(msgspec.Struct, frozen=True):
    """What the desk bids and asks, and the skew in bps that both carry (negative: it wants to sell BTC)."""

    bid: Decimal
    ask: Decimal
    skew_bps: Decimal
    bounds: Bounds | None = None


class Amounts(msgspec.Struct, frozen=True, gc=False):
    """A priced quote in base units: taken, given, the EURe side of it, and the earning against the mid in EURe."""

    amount_in: int
    amount_out: int
    notional: int
    edge: int


def btc_share(pair: Pair, amounts: PairAmounts, mid: Decimal) -> Decimal | None:
    """The base asset's part of the whole inventory's value at the mid, 0 to 1; None for an empty inventory."""
    base_value = _CONTEXT.multiply(pair.base.to_decimal(amounts.base), mid)
    total = _CONTEXT.add(base_value, pair.quote.to_decimal(amounts.quote))
    return _CONTEXT.divide(base_value, total) if total > 0 else None


def skew_bps(share: Decimal | None, params: PriceParams) -> Decimal:
    """How far both prices move, in bps: up when BTC is short of its target, down when there is too much.

    The whole of ``max_skew_bps`` is reached when the inventory is all in one asset; None (unknown) leans nowhere.
    """
    if share is None:
        return Decimal(0)
    target = params.target_btc_share
    room = target if share < target else _ONE - target
    if room <= 0:
        return Decimal(0)
    lean = _CONTEXT.divide(_CONTEXT.subtract(target, share), room)
    lean = max(-_ONE, min(_ONE, lean))
    return _CONTEXT.multiply(lean, params.max_skew_bps).quantize(Decimal("0.001"), context=_CONTEXT)


def make_prices(mid: Decimal, skew: Decimal, params: PriceParams, min_edge_bps: Decimal) -> Prices:
    """Bid and ask around the skewed mid, never closer to the true mid than the least edge; bid down, ask up."""
    half = params.half_spread_bps
    down = max(_CONTEXT.subtract(half, skew), min_edge_bps)
    up = max(_CONTEXT.add(half, skew), min_edge_bps)
    bid = _CONTEXT.multiply(mid, _CONTEXT.subtract(_ONE, _CONTEXT.divide(down, BPS)))
    ask = _CONTEXT.multiply(mid, _CONTEXT.add(_ONE, _CONTEXT.divide(up, BPS)))
    return Prices(
        bid.quantize(_TICK, rounding=ROUND_FLOOR, context=_CONTEXT),
        ask.quantize(_TICK, rounding=ROUND_CEILING, context=_CONTEXT),
        skew,
    )


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def scaled(pair: Pair, price: Decimal) -> tuple[int, int]:
    """The price as base units of the quote asset per base unit of the base asset: numerator and denominator."""
    return _ticks(price) * 10**pair.quote.decimals, _PRICE_SCALE * 10**pair.base.decimals


@lru_cache(maxsize=16)
def _ticks(price: Decimal) -> int:
    """The price in its smallest steps; the same few prices serve every request until the mid moves."""
    return int(price.scaleb(8, context=_CONTEXT))


def price_amounts(
    pair: Pair, side: Side, amount_in: int | None, amount_out: int | None, price: Decimal, mid: Decimal
) -> Amounts | None:
    """The amount left open, rounded for the desk: what it gives down, what it asks up. None when it would be zero.

    Exactly one of the amounts is given (base units). The edge is floored. The protocol fee needs no widening: the
    Verifier takes it out of what a signer gives, so ``amount_out`` is the whole of what the desk parts with.
    """
    numerator, denominator = scaled(pair, price)
    if side == "buy":
        if amount_in is not None:
            given, taken = amount_in * numerator // denominator, amount_in
        else:
            assert amount_out is not None
            given, taken = amount_out, _ceil_div(amount_out * denominator, numerator)
        notional, base = given, taken
    else:
        if amount_in is not None:
            given, taken = amount_in * denominator // numerator, amount_in
        else:
            assert amount_out is not None
            given, taken = amount_out, _ceil_div(amount_out * numerator, denominator)
        notional, base = taken, given
    if given <= 0 or taken <= 0:
        return None
    mid_numerator, mid_denominator = scaled(pair, mid)
    if side == "buy":
        edge = base * mid_numerator // mid_denominator - given
    else:
        edge = taken - _ceil_div(base * mid_numerator, mid_denominator)
    return Amounts(taken, given, notional, edge)


def earns(pair: Pair, side: Side, amounts: Amounts, mid: Decimal, min_edge_bps: Decimal) -> bool:
    """Whether the quote earns at least ``min_edge_bps`` of its value at the mid; exact, nothing is rounded."""
    numerator, denominator = scaled(pair, mid)
    if side == "buy":
        value = amounts.amount_in * numerator
        gain = value - amounts.amount_out * denominator
    else:
        value = amounts.amount_out * numerator
        gain = amounts.amount_in * denominator - value
    bps_numerator, bps_denominator = min_edge_bps.as_integer_ratio()
    return gain * 10_000 * bps_denominator >= value * bps_numerator


def edge_bps(side: Side, amounts: Amounts) -> Decimal | None:
    """The edge in bps of the value at the mid, to a hundredth, rounded down; None when that value is zero."""
    value = amounts.notional + amounts.edge if side == "buy" else amounts.notional - amounts.edge
    if value <= 0:
        return None
    ratio = _CONTEXT.divide(Decimal(amounts.edge * 10_000), Decimal(value))
    return ratio.quantize(Decimal("0.01"), rounding=ROUND_FLOOR, context=_CONTEXT)
