"""Rival makers' prices: each one's answer to a request, a pure function of seed, request and mid."""

import math
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from venue.protocol.assets import EXACT, Market
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.regimes import PathVolatility
from venue.sandbox.mixes import RivalSet


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A rival's behaviour: mean half spread and its deviation in basis points, how often it answers, and how often it
    does so at once (both 0 to 1). ``slope``: how much wider it is for each bps of the mid's deviation over the quote's
    life.
    """

    account: str
    half_spread_bps: float
    deviation_bps: float
    answers: float
    at_once: float
    slope: float = 0.0


PROFILES = (
    Profile(account="tight.rival.near", half_spread_bps=9, deviation_bps=3, answers=0.5, at_once=0.4),
    Profile(account="steady.rival.near", half_spread_bps=18, deviation_bps=4, answers=0.9, at_once=0.1),
    Profile(account="wide.rival.near", half_spread_bps=45, deviation_bps=12, answers=0.95, at_once=0.0),
)
ADAPTIVE = Profile(
    account="adaptive.rival.near", half_spread_bps=5, slope=0.6, deviation_bps=1.5, answers=0.8, at_once=0.2
)
"""Follows the volatility: it is the best in a calm market and wide in a storm."""


def profiles_of(rivals: RivalSet) -> tuple[Profile, ...]:
    """Return the rivals of a set; *static* ones are always as wide as they are on average."""
    if rivals == "static":
        return tuple(msgspec.structs.replace(profile, deviation_bps=0) for profile in PROFILES)
    return (*PROFILES, ADAPTIVE) if rivals == "adaptive" else PROFILES


class Draw(msgspec.Struct, frozen=True):
    """One rival's answer to one request: its half spread, and its delay after the request."""

    account: str
    half_spread_bps: Decimal
    delay_ms: int


def draws(
    seed: int, quote_id: str, wait_ms: int, *, profiles: Iterable[Profile] = PROFILES, deviation_bps: float = 0.0
) -> tuple[Draw, ...]:
    """Return the rivals that answer this request within ``wait_ms``, in their order.

    ``deviation_bps``: of the mid over the quote's life, as far as one of them follows it.
    """
    found = []
    for profile in profiles:
        chance = rng(seed, "rival", profile.account, quote_id)
        silent = chance.random() >= profile.answers
        width = max(2.0, chance.gauss(profile.half_spread_bps, profile.deviation_bps) + profile.slope * deviation_bps)
        delay_ms = int(chance.uniform(0.05, 0.7) * wait_ms)
        if chance.random() < profile.at_once:
            delay_ms = 0
        if not silent:
            found.append(Draw(profile.account, Decimal(round(width * 100)).scaleb(-2), delay_ms))
    return tuple(found)


def deviation_bps(profiles: Iterable[Profile], volatility: PathVolatility, offset_ns: int, life_ms: int) -> float:
    """Return the mid's deviation over the life of a quote, in bps; zero when no rival follows it."""
    if not any(profile.slope for profile in profiles):
        return 0.0
    return volatility.sigma60_bps(offset_ns) * math.sqrt(life_ms / 60_000)


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
