"""The makers by their names: the desk with and without its features, fixed widths, and others in the same seat."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from bench.profit.desk_maker import DeskMaker, DeskTerms
from bench.profit.other_makers import ConstantProduct, FixedRate
from bench.profit.seen import Seen
from cockpit.config.pricing_presets import PRESETS, Preset
from cockpit.model.commands import Limits, PriceParams
from venue.protocol.assets import Market
from venue.sandbox.backtest import BacktestMaker

DESK, TODAY, AMM, RATE = "desk", "today", "amm", "rate"
WIDTHS = (5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 25, 30, 45)
FEATURES = ("vol", "skew", "premium", "life")
"""What can be switched off: the width's growth with σ and with the life; the skew's with σ; the bound on a quote's
premium; the life as asked instead of a minute at least."""
_MINUTE_MS = 60_000
_ONE_SECOND_MS = 1_000
_CONSTANT_SKEW_BPS = PRESETS["fixed"]["STRATEGY_MAX_SKEW_BPS"]

LIMITS = Limits(
    max_notional_eure=Decimal(500),
    min_notional_eure=Decimal("0.5"),
    max_promised_eure=Decimal(5_000),
    max_signed_eure=Decimal(50_000),
    max_asset_share=Decimal("0.9"),
    max_quotes_per_second=100_000,
    max_fills_per_hour=1_000_000,
    max_loss_per_day_eure=Decimal(10**9),
)
"""Those of a desk with 20,000 EUR; no limit stops it."""


def static(width: int) -> str:
    """Return the name of the desk with a fixed width and a constant skew."""
    return f"static:{width}"


def fixed(width: int) -> str:
    """Return the name of the desk with a fixed width and no skew."""
    return f"fixed:{width}"


def without(feature: str) -> str:
    return f"{DESK}:-{feature}"


def desk_terms(name: str) -> DeskTerms | None:
    """Return the terms of a desk by its name; None where the maker is no desk. Raises ValueError for an unknown one."""
    if name in (AMM, RATE):
        return None
    if name == TODAY:
        # As it was before lives were as asked: a minute at least, and a second of slack.
        return msgspec.structs.replace(_preset("fixed"), shortest_ms=_MINUTE_MS, slack_ms=_ONE_SECOND_MS)
    kind, _, rest = name.partition(":")
    if kind == DESK:
        return _switched(name, rest)
    if kind in ("static", "fixed") and re.fullmatch(r"[1-9]\d{0,3}(\.\d\d?)?", rest):
        skew = _CONSTANT_SKEW_BPS if kind == "static" else "0"
        terms = _preset("option")
        params = PriceParams(half_spread_bps=Decimal(rest), max_skew_bps=Decimal(skew))
        return msgspec.structs.replace(terms, params=params)
    raise ValueError(
        f"there is no maker {name!r}; known are {DESK}, {TODAY}, {AMM}, {RATE}, static:BPS, fixed:BPS, and "
        f"{', '.join(map(without, FEATURES))}, which can be joined by commas: desk:-vol,-skew; "
        "and the desk with other parameters: desk:half_spread_bps=5,vol_factor=0.25"
    )


def _switched(name: str, switches: str) -> DeskTerms:
    terms = _preset("option")
    for switch in filter(None, switches.split(",")):
        if switch == "-vol":
            terms = _priced(terms, vol_factor=Decimal(0))
        elif switch == "-skew":
            terms = _priced(terms, skew_sigmas=Decimal(0), max_skew_bps=Decimal(_CONSTANT_SKEW_BPS))
        elif switch == "-premium":
            terms = _priced(terms, max_premium_bps=Decimal(0))
        elif switch == "-life":
            terms = msgspec.structs.replace(terms, shortest_ms=_MINUTE_MS)
        elif (given := re.fullmatch(r"([a-z_]+)=(\d{1,6}(?:\.\d{1,6})?)", switch)) and given[1] in _PARAMETERS:
            terms = _priced(terms, **{given[1]: Decimal(given[2])})
        elif (given := re.fullmatch(r"slack_ms=(\d{1,6})", switch)) is not None:
            terms = msgspec.structs.replace(terms, slack_ms=int(given[1]))
        else:
            raise ValueError(f"{name}: nothing of the desk is called {switch!r}; see docs/development.md")
    problems = terms.params.problems()
    if problems:
        raise ValueError(f"{name}: {'; '.join(problems)}")
    return terms


_PARAMETERS = ("half_spread_bps", "max_skew_bps", "vol_factor", "skew_sigmas", "max_premium_bps")


def _priced(terms: DeskTerms, **changed: Decimal) -> DeskTerms:
    return msgspec.structs.replace(terms, params=msgspec.structs.replace(terms.params, **changed))


def _preset(name: Preset) -> DeskTerms:
    values = {setting: Decimal(value) for setting, value in PRESETS[name].items()}
    return DeskTerms(
        params=PriceParams(
            half_spread_bps=values["STRATEGY_HALF_SPREAD_BPS"],
            max_skew_bps=values["STRATEGY_MAX_SKEW_BPS"],
            vol_factor=values["STRATEGY_VOL_FACTOR"],
            skew_sigmas=values["STRATEGY_SKEW_SIGMAS"],
            max_premium_bps=values["STRATEGY_MAX_PREMIUM_BPS"],
        ),
        limits=msgspec.structs.replace(LIMITS, min_edge_bps=values["STRATEGY_MIN_EDGE_BPS"]),
    )


def make_maker(
    name: str, market: Market, opening: Mapping[str, int], seen: Sequence[Seen], mid: Decimal
) -> tuple[BacktestMaker, Counter[str]]:
    """Return a new maker, and the counter of its reasons: empty for one that gives none."""
    terms = desk_terms(name)
    if terms is not None:
        desk = DeskMaker(terms, market, dict(opening), seen)
        return desk, desk.reasons
    maker = ConstantProduct(dict(opening)) if name == AMM else FixedRate(market, dict(opening), mid)
    return maker, Counter()
