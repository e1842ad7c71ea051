"""Metrics of money: what was earned, what is held, and what the options in signed quotes are worth."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from cockpit.desk.metrics.family import Labelled, MetricFamily, Number, counters, gauge, gauges, ratio
from cockpit.desk.metrics.scrape import Scrape
from cockpit.model.snapshot import OptionSide
from cockpit.model.trading_figures.earnings import EarnedSpan
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token

SPANS = "span: today (UTC) or run"


def _by_span(read: Callable[[EarnedSpan], Number]) -> Callable[[Scrape], Labelled]:
    return lambda at: [((name,), read(span)) for name, span in at.spans.items()]


def _by_token(read: Callable[[Scrape, Token], int | None]) -> Callable[[Scrape], Labelled]:
    def values(at: Scrape) -> Labelled:
        for token in at.trading.tokens.tokens:
            units = read(at, token)
            yield (token.symbol,), None if units is None else token.to_decimal(units)

    return values


def _of(amounts: TokenAmounts | None, token: Token) -> int | None:
    return None if amounts is None else amounts[token.token_id]


def _available(at: Scrape, token: Token) -> int | None:
    usable = _of(at.trading.inventory.ledger.usable, token)
    return None if usable is None else max(0, usable - at.trading.book.reservations.reserved(token.token_id))


def _unexplained(at: Scrape, token: Token) -> int | None:
    ledger = at.trading.inventory.ledger
    return None if ledger.balance is None else ledger.unexplained[token.token_id]


def _pending(at: Scrape, token: Token) -> int | None:
    deposits = at.trading.deposits
    return None if deposits.deposits is None else deposits.pending_amount(token)


def _value(at: Scrape) -> Decimal | None:
    """The whole inventory in EURe."""
    balance, mid, tokens = at.trading.inventory.ledger.balance, at.mid, at.trading.tokens
    if balance is None or mid is None:
        return None
    held = tokens.worth(balance)
    return tokens.base.to_decimal(held.base) * mid + tokens.quote.to_decimal(held.quote)


def _markouts(at: Scrape) -> Iterator[tuple[tuple[str, ...], Number]]:
    for name, span in at.spans.items():
        for mark in span.markouts:
            yield (name, str(mark.seconds)), ratio(mark.bps)


def _marked(at: Scrape) -> Iterator[tuple[tuple[str, ...], Number]]:
    for name, span in at.spans.items():
        for mark in span.markouts:
            yield (name, str(mark.seconds)), mark.known


def _fills(at: Scrape) -> Labelled:
    return [(labels, count.fills) for labels, count in at.trading.fill_counts.by_market.items()]


def _volume(at: Scrape) -> Labelled:
    shown = at.trading.tokens.quote.to_decimal
    return [(labels, shown(count.volume)) for labels, count in at.trading.fill_counts.by_market.items()]


def _prices(at: Scrape) -> Labelled:
    prices = at.prices
    return [] if prices is None else [(("bid",), prices.bid), (("ask",), prices.ask)]


def _by_side(read: Callable[[OptionSide], Number]) -> Callable[[Scrape], Labelled]:
    return lambda at: [(("buy",), read(at.option_day.buy)), (("sell",), read(at.option_day.sell))]


MONEY: tuple[MetricFamily, ...] = (
    gauges(
        "trading_pnl_eure",
        f"Fills of the span marked to the mid, EURe. {SPANS}.",
        ("span",),
        _by_span(lambda one: one.trading),
    ),
    gauges(
        "inventory_revaluation_eure",
        "What the inventory gained because the mid moved, EURe; no part of the trading P&L.",
        ("span",),
        _by_span(lambda one: one.revaluation),
    ),
    gauges(
        "spread_captured_eure",
        "Edge of the fills against the mid at which they were priced, EURe.",
        ("span",),
        _by_span(lambda one: one.spread),
    ),
    gauges(
        "protocol_fee_eure",
        "The protocol's fee in EURe on what fills gave.",
        ("span",),
        _by_span(lambda one: one.fee_eure),
    ),
    gauges(
        "protocol_fee_btc",
        "The protocol's fee in BTC on what fills gave.",
        ("span",),
        _by_span(lambda one: one.fee_btc),
    ),
    gauges("span_fills", "Fills of the span.", ("span",), _by_span(lambda one: one.fills)),
    gauges("win_ratio", "Fills for each quote sent in the span.", ("span",), _by_span(lambda one: one.win_rate)),
    gauges(
        "markout_ratio",
        "Mean move of the mid in the desk's favour so many seconds after a fill, weighted by EURe; 0.0001 is one bps.",
        ("span", "horizon_seconds"),
        _markouts,
    ),
    gauges("marked_fills", "Fills of which the markout is known.", ("span", "horizon_seconds"), _marked),
    gauge(
        "day_loss_eure",
        "What the day's fills lost, as the daily loss limit counts it, EURe.",
        lambda at: at.trading.tokens.quote.to_decimal(at.trading.trading_state.loss),
    ),
    counters("fills_total", "Fills booked in this run, by the desk's side.", ("market", "side"), _fills),
    counters("filled_eure_total", "EURe given or taken by the fills booked in this run.", ("market", "side"), _volume),
    gauge("mid_eure", "Trusted mid, EURe for a BTC; absent while the sources do not agree.", lambda at: at.mid),
    gauges(
        "own_price_eure", "The desk's own price for a quote of the usual lifetime, EURe for a BTC.", ("price",), _prices
    ),
    gauge(
        "volatility_ratio",
        "Standard deviation of the mid over a minute; 0.0001 is one bps.",
        lambda at: ratio(at.trading.reference.volatility.sigma),
    ),
    gauges(
        "balance_tokens",
        "Balance on the Verifier at the last reading, whole tokens.",
        ("token",),
        _by_token(lambda at, token: _of(at.trading.inventory.ledger.balance, token)),
    ),
    gauges(
        "available_tokens", "What is neither committed nor leaving, whole tokens.", ("token",), _by_token(_available)
    ),
    gauges(
        "committed_tokens",
        "What live quotes may still take, whole tokens.",
        ("token",),
        _by_token(lambda at, token: at.trading.book.reservations.committed(token.token_id)),
    ),
    gauges(
        "leaving_tokens",
        "What withdrawals take and the balance may still show, whole tokens.",
        ("token",),
        _by_token(lambda at, token: at.trading.book.reservations.leaving(token.token_id)),
    ),
    gauges(
        "pending_deposit_tokens", "Deposits that are not credited yet, whole tokens.", ("token",), _by_token(_pending)
    ),
    gauges(
        "unexplained_tokens",
        "Difference that no known movement explains, whole tokens.",
        ("token",),
        _by_token(_unexplained),
    ),
    gauge("inventory_value_eure", "All that is held, with BTC at the mid, EURe.", _value),
    gauge("btc_share_ratio", "BTC's share of that value, 0 to 1.", lambda at: at.btc_share),
    gauge(
        "target_btc_share_ratio",
        "Target share of BTC, 0 to 1.",
        lambda at: at.trading.pricing.current.target_btc_share,
    ),
    gauge(
        "option_value_eure",
        "What all signed quotes are worth to those who hold them, EURe.",
        lambda at: None if at.options is None else at.options.value,
    ),
    gauge(
        "option_intrinsic_value_eure",
        "What settling all signed quotes now would gain those who hold them, EURe.",
        lambda at: None if at.options is None else at.options.intrinsic,
    ),
    gauge(
        "option_jump_eure",
        "What settling them would gain after a jump of the mid by 1 %, the worse way, EURe.",
        lambda at: None if at.options is None else at.options.jump,
    ),
    gauges(
        "option_written_today_eure",
        "What the options in today's quotes (UTC) were worth when they were signed, EURe.",
        ("side",),
        _by_side(lambda one: one.written),
    ),
    gauges(
        "option_given_away_today_eure",
        "Edge of today's fills (UTC) when they were priced less that when they were booked, EURe.",
        ("side",),
        _by_side(lambda one: one.given_away),
    ),
)
