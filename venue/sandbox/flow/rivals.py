"""Rival makers' prices: each one's answer to a request, a pure function of seed, request and mid."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from venue.protocol.assets import EXACT, Market
from venue.sandbox.base.seeding import rng


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A rival's behaviour: mean half spread and its deviation in basis points, how often it answers, and how often it
    does so at once (both 0 to 1).

    """

    account: str
    half_spread_bps: float
    deviation_bps: float
    answers: float
    at_once: float


PROFILES = (
    Profile(account="tight.rival.near", half_spread_bps=9, deviation_bps=3, answers=0.5, at_once=0.4),
    Profile(account="steady.rival.near", half_spread_bps=18, deviation_bps=4, answers=0.9, at_once=0.1),
    Profile(account="wide.rival.near", half_spread_bps=45, deviation_bps=12, answers=0.95, at_once=0.0),
)


class Draw(msgspec.Struct, frozen=True):
    """One rival's answer to one request: its half spread, and its delay after the request."""

    account: str
    half_spread_bps: Decimal
    delay_ms: int


def draws(seed: int, quote_id: str, wait_ms: int) -> tuple[Draw, ...]:
    """Return the rivals that answer this request within ``wait_ms``, in the order of PROFILES."""
    found = []
    for profile in PROFILES:
        chance = rng(seed, "rival", profile.account, quote_id)
        silent = chance.random() >= profile.answers
        width = max(2.0, chance.gauss(profile.half_spread_bps, profile.deviation_bps))
        delay_ms = int(chance.uniform(0.05, 0.7) * wait_ms)
        if chance.random() < profile.at_once:
            delay_ms = 0
        if not silent:
            found.append(Draw(profile.account, Decimal(round(width * 100)).scaleb(-2), delay_ms))
    return tuple(found)


def counter_amount(
    market: Market,
    asset_in: str,
    *,
    amount_in: int | None,
    amount_out: int | None,
    mid: Decimal,
    half_spread_bps: Decimal,
) -> int:
    """Return the amount that a maker with this spread puts against the exact one, rounded in the maker's favour.

    Base units; the maker receives ``asset_in``. Zero: the exact amount is worth less than one base unit.

    """
    buys = asset_in == market.base.token_id
    share = half_spread_bps.scaleb(-4)
    price = mid * (1 - share if buys else 1 + share)
    given, wanted = (market.base, market.quote) if buys else (market.quote, market.base)
    if amount_in is not None:
        value = given.to_decimal(amount_in)
        answer = EXACT.multiply(value, price) if buys else EXACT.divide(value, price)
        return int(EXACT.scaleb(answer, wanted.decimals).to_integral_value(ROUND_FLOOR))
    assert amount_out is not None
    value = wanted.to_decimal(amount_out)
    answer = EXACT.divide(value, price) if buys else EXACT.multiply(value, price)
    return int(EXACT.scaleb(answer, given.decimals).to_integral_value(ROUND_CEILING))
