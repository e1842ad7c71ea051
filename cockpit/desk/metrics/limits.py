"""Metrics of limits: what each allows, and how much of it is used."""

from collections.abc import Iterator
from decimal import Decimal

from cockpit.desk.metrics.family import Labelled, MetricFamily, Number, gauge, gauges, seconds
from cockpit.desk.metrics.scrape import Scrape
from cockpit.model.commands import NO_OPTION_LIMIT

_EURE = (
    "max_notional_eure",
    "min_notional_eure",
    "max_promised_eure",
    "max_signed_eure",
    "max_option_eure",
    "max_loss_per_day_eure",
)


def _eure(at: Scrape) -> Labelled:
    limits = at.trading.limits.current
    for name in _EURE:
        value: Decimal = getattr(limits, name)
        # The largest one stands for no limit.
        yield (name,), None if name == "max_option_eure" and value >= NO_OPTION_LIMIT else value


def _used(at: Scrape) -> Iterator[tuple[tuple[str, ...], Number]]:
    limits, trading = at.trading.limits.current, at.trading
    share, current = at.btc_share, trading.reference.current
    divergences = [abs(one.divergence_bps) for one in current.sources if one.divergence_bps is not None]
    used: dict[str, tuple[Number, Number]] = {
        "max_promised_eure": (at.live.committed_eure, limits.max_promised_eure),
        "max_signed_eure": (at.live.signed_eure, limits.max_signed_eure),
        "max_loss_per_day_eure": (
            trading.tokens.quote.to_decimal(trading.trading_state.loss),
            limits.max_loss_per_day_eure,
        ),
        "max_fills_per_hour": (trading.trading_state.fills_in_hour, limits.max_fills_per_hour),
        "max_quotes_per_second": (_quotes_in_second(at), limits.max_quotes_per_second),
        "max_asset_share": (None if share is None else max(share, 1 - share), limits.max_asset_share),
        "max_reference_age_ms": (at.age_ms(current.at_ns), limits.max_reference_age_ms),
        "max_inventory_age_ms": (at.age_ms(trading.inventory.ledger.at_ns), limits.max_inventory_age_ms),
        "max_divergence_bps": (max(divergences, default=None), limits.max_divergence_bps),
    }
    if limits.max_option_eure < NO_OPTION_LIMIT:
        used["max_option_eure"] = None if at.options is None else at.options.value, limits.max_option_eure
    for name, (amount, limit) in used.items():
        yield (name,), None if amount is None or not limit else Decimal(amount) / Decimal(limit)


def _quotes_in_second(at: Scrape) -> int:
    return at.trading.engine.view(at.trading.tokens.markets[0], at.monotonic_ns).quotes_in_second


LIMITS: tuple[MetricFamily, ...] = (
    gauges(
        "limit_used_ratio",
        "Which part of a limit is used; 1 is all of it. Absent where what uses it is unknown.",
        ("limit",),
        _used,
    ),
    gauges("limit_eure", "Limits on amounts, EURe.", ("limit",), _eure),
    gauge("committed_eure", "What live quotes give, with BTC at the mid, EURe.", lambda at: at.live.committed_eure),
    gauge(
        "signed_eure",
        "What all quotes that could still settle give, refused ones too, with BTC at the mid, EURe.",
        lambda at: at.live.signed_eure,
    ),
    gauge(
        "last_live_quote_expires_seconds",
        "Time until the last live quote will have expired; 0 when none is live.",
        lambda at: seconds(at.live.last_death_ms),
    ),
    gauge("hour_fills", "Fills of the last hour, of all runs.", lambda at: at.trading.trading_state.fills_in_hour),
    gauge("second_quotes", "Quotes signed within the last second.", _quotes_in_second),
)
