"""From the mid to a quote's amounts: spread, skew, and rounding in the desk's favour. Pure.

The half spread may grow with what the mid may do during the quote's life, and the skew with σ, the standard deviation
of the mid over a minute: a quote is an option, and its holder's gain grows with both. A price is Decimal EUR per BTC
with at most 8 decimals. The side is the desk's: it *buys* BTC when BTC comes in.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import isqrt

import msgspec

from cockpit.accounting.option_value import option_value
from cockpit.model.commands import PriceParams
from cockpit.model.events import Side
from venue.protocol.assets import PRICING, Market, PairAmounts

BPS = Decimal(10_000)
_TICK = Decimal("1e-8")
_ONE = Decimal(1)


MOST_HALF_SPREAD_BPS = Decimal(5_000)
"""No half spread is larger, whatever the mid does; with the largest skew a bid is still above zero."""
LONGEST_PRICED_MS = 3_600_000
"""A longer life is priced as this one: the limit on lives refuses it."""
STANDARD_LIFE_MS = 60_000
"""The life that most requests ask for; what is shown as bid and ask is for one of these."""
_MICRO = 10**6
_MINUTE_MS = 60_000


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
    option: int


class LifePrices(msgspec.Struct, frozen=True, kw_only=True):
    """Bid and ask of quotes of one life, and what the option in each is worth to its holder: bps to 0.01, up."""

    bid: Decimal
    ask: Decimal
    bid_premium: Decimal
    ask_premium: Decimal


class PricesByLife:
    """Bid and ask for each life that is asked for, made once: between two moves of the mid most requests ask for one of
    a few."""

    __slots__ = ("_made", "_make")
    MOST = 64

    def __init__(
        self, mid: Decimal, skew: Decimal, params: PriceParams, *, min_edge_bps: Decimal, sigma_bps: Decimal
    ) -> None:
        self._make = mid, skew, params, min_edge_bps, int(PRICING.scaleb(sigma_bps, 6))
        self._made: dict[tuple[int, Decimal], LifePrices] = {}

    def at(self, life_ms: int, add_on_bps: Decimal = Decimal(0)) -> LifePrices:
        """Return those of quotes that live so long, with so much more half spread."""
        key = life_ms, add_on_bps
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= self.MOST:
                self._made.clear()
            found = self._made[key] = _life_prices(*self._make, life_ms, add_on_bps)
        return found


class Prices(msgspec.Struct, frozen=True):
    """Bid and ask of quotes of each life, and the skew in bps that both carry (negative: the desk wants to sell BTC).

    ``bid`` and ``ask`` are those of the usual life.
    """

    bid: Decimal
    ask: Decimal
    skew_bps: Decimal
    bounds: Bounds
    by_life: PricesByLife


class Amounts(msgspec.Struct, frozen=True, gc=False):
    """A priced quote in base units of its tokens.

    ``notional``, its quote side, and ``edge``, the gain against the mid, are in base units of the quote underlying.
    """

    amount_in: int
    amount_out: int
    notional: int
    edge: int


def skew_bps(share: Decimal | None, params: PriceParams, sigma_bps: Decimal | None = None) -> Decimal:
    """How far both prices move, in bps: up when BTC is short of its target, down when there is too much.

    The largest is reached when the inventory is all in one asset; a share of None (unknown) moves nothing.
    """
    if share is None:
        return Decimal(0)
    target = params.target_btc_share
    room = target if share < target else _ONE - target
    if room <= 0:
        return Decimal(0)
    lean = PRICING.divide(PRICING.subtract(target, share), room)
    lean = max(-_ONE, min(_ONE, lean))
    most = params.max_skew_bps
    if params.skew_sigmas:
        sigma = params.unknown_sigma_bps if sigma_bps is None else sigma_bps
        most = min(most, PRICING.multiply(params.skew_sigmas, sigma))
    return PRICING.multiply(lean, most).quantize(Decimal("0.001"), context=PRICING)


def deviation(sigma_micro: int, life_ms: int) -> int:
    """Return the standard deviation of the mid over so long; like σ in millionths of a bps, rounded down."""
    return isqrt(sigma_micro * sigma_micro * min(max(life_ms, 0), LONGEST_PRICED_MS) // _MINUTE_MS)


def _life_prices(
    mid: Decimal,
    skew: Decimal,
    params: PriceParams,
    min_edge_bps: Decimal,
    sigma_micro: int,
    life_ms: int,
    add_on_bps: Decimal,
) -> LifePrices:
    moves = deviation(sigma_micro, life_ms)
    half = PRICING.fma(params.vol_factor, Decimal(moves).scaleb(-6, PRICING), params.half_spread_bps)
    half = min(PRICING.add(half, add_on_bps), MOST_HALF_SPREAD_BPS)
    bid, ask, down, up = _around(mid, skew, half, min_edge_bps)
    return LifePrices(bid=bid, ask=ask, bid_premium=_premium(down, moves), ask_premium=_premium(up, moves))


def _premium(distance_bps: Decimal, moves: int) -> Decimal:
    # Rounded against the quote: the distance down, the value up.
    value = option_value(int(PRICING.scaleb(distance_bps, 6)), moves)
    return Decimal(_ceil_div(value, _MICRO // 100)).scaleb(-2, PRICING)


def in_whole(premium_bps: Decimal, notional: int) -> int:
    """Return a premium of hundredths of a bps as part of a notional, rounded up."""
    return _ceil_div(int(premium_bps.scaleb(2, PRICING)) * notional, _MICRO)


def _around(
    mid: Decimal, skew: Decimal, half: Decimal, min_edge_bps: Decimal
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return bid and ask, and how far each is from the mid in bps."""
    down = max(PRICING.subtract(half, skew), min_edge_bps)
    up = max(PRICING.add(half, skew), min_edge_bps)
    bid = PRICING.multiply(mid, PRICING.subtract(_ONE, PRICING.divide(down, BPS)))
    ask = PRICING.multiply(mid, PRICING.add(_ONE, PRICING.divide(up, BPS)))
    return (
        bid.quantize(_TICK, rounding=ROUND_FLOOR, context=PRICING),
        ask.quantize(_TICK, rounding=ROUND_CEILING, context=PRICING),
        down,
        up,
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
    if numerator <= 0:
        # A bid of a mid near zero rounds to nothing.
        return None
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
