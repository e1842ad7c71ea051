"""Prices, commands and reaction times as a cockpit shows them. Pure: state and a time in, frozen rows out."""

from collections.abc import Iterable
from decimal import Decimal

from cockpit.accounting.percentiles import percentile
from cockpit.desk.earnings.chart_course import ChartCourse
from cockpit.desk.market.pricing import Prices
from cockpit.desk.market.reference import Reference
from cockpit.desk.market.request_counter import RequestCounter
from cockpit.model.ages import age_ms
from cockpit.model.events import OperatorAction
from cockpit.model.snapshot import (
    JournalRow,
    MarketState,
    Reaction,
    RelayLatency,
    SourceRow,
    State,
)
from cockpit.model.trading_figures.market_requests import MarketRequestsRow, TokenRow
from venue.protocol.tokens import TokenTable
from venue.reference.composite import SourceView
from venue.reference.feed import Feed

TOO_OLD = "price too old"


def chart_points(course: Iterable[tuple[int, Decimal]], now_ns: int) -> tuple[tuple[float, float], ...]:
    return tuple([(round((now_ns - at) / 1e9, 1), float(mid)) for at, mid in course])


def market_state(
    reference: Reference,
    prices: Prices | None,
    now_ns: int,
    course: ChartCourse,
    chart: tuple[tuple[float, float], ...],
) -> MarketState:
    """Return the mid, the desk's own prices, every source, and the chart."""
    current = reference.current
    known = {view.source: view for view in current.sources}
    sources = [_source_row(feed, known.get(feed.source)) for feed in reference.feeds]
    return MarketState(
        mid=reference.mid,
        age_ms=age_ms(now_ns, current.at_ns),
        usable=current.usable,
        detail=current.reason,
        bid=prices.bid if prices else None,
        ask=prices.ask if prices else None,
        skew_bps=prices.skew_bps if prices else None,
        sources=tuple(sources),
        chart=chart,
        sigma_bps=reference.volatility.sigma,
        eure_basis_bps=reference.par.measured_bps(now_ns),
        own_prices=course.prices,
        chart_fills=course.fills,
    )


def _source_row(feed: Feed, view: SourceView | None) -> SourceRow:
    if view is None:
        state: State = "degraded" if feed.problem else feed.state
        return SourceRow(
            source=feed.source,
            bid=None,
            ask=None,
            mid=None,
            age_ms=None,
            divergence_bps=None,
            state=state,
            detail=feed.problem or feed.last_error,
        )
    stale = feed.last_error if feed.state == "down" else TOO_OLD
    return SourceRow(
        source=feed.source,
        bid=view.bid,
        ask=view.ask,
        mid=view.mid,
        age_ms=view.age_ms,
        divergence_bps=view.divergence_bps,
        state="ok" if view.fresh and view.agrees else "degraded",
        detail=stale if not view.fresh else "" if view.agrees else "disagrees",
    )


def token_rows(tokens: TokenTable) -> tuple[TokenRow, ...]:
    return tuple(
        TokenRow(
            symbol=token.symbol,
            underlying=token.underlying.name,
            token_id=token.token_id,
            chain=token.chain,
            bridge=token.bridge,
            quoted=tokens.traded(token),
        )
        for token in tokens.tokens
    )


def demand_rows(counter: RequestCounter, monotonic_ns: int) -> tuple[MarketRequestsRow, ...]:
    return tuple(
        MarketRequestsRow(
            market=one.market.name,
            buys_in_hour=one.buys_in_hour,
            sells_in_hour=one.sells_in_hour,
            buys=one.buys,
            sells=one.sells,
        )
        for one in counter.markets(monotonic_ns)
    )


def journal_row(action: OperatorAction, now_ns: int) -> JournalRow:
    return JournalRow(
        command_id=action.command_id,
        age_ms=age_ms(now_ns, action.at_ns) or 0,
        actor=action.actor,
        command=action.command,
        accepted=action.accepted,
        reason=action.reason,
    )


def reaction(samples: Iterable[int]) -> Reaction:
    """Return percentiles of the samples, microseconds."""
    ordered = sorted(samples)
    p50, p99, most = (percentile(ordered, part) for part in (0.5, 0.99, 1.0))
    return Reaction(p50_us=p50, p99_us=p99, max_us=most)


def relay_latency(samples_us: Iterable[int], *, dated: int, requests: int) -> RelayLatency:
    ordered = sorted(samples_us)
    p50, p99, most = (percentile(ordered, part) for part in (0.5, 0.99, 1.0))
    return RelayLatency(p50_ms=_ms(p50), p99_ms=_ms(p99), max_ms=_ms(most), dated=dated, requests=requests)


def _ms(microseconds: int | None) -> int | None:
    return None if microseconds is None else round(microseconds / 1_000)
