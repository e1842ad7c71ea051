"""Prices, commands and reaction times as a cockpit shows them. Pure: state and a time in, frozen rows out."""

from collections.abc import Iterable

from cockpit.accounting.percentiles import percentile
from cockpit.desk.market.pricing import Prices
from cockpit.desk.market.reference import Reference
from cockpit.desk.market.request_counter import RequestCounter
from cockpit.model.ages import age_ms
from cockpit.model.events import OperatorAction
from cockpit.model.market_requests import MarketRequestsRow, TokenRow
from cockpit.model.snapshot import (
    JournalRow,
    MarketState,
    Reaction,
    RelayLatency,
    SourceRow,
)
from venue.protocol.tokens import TokenTable


def market_state(reference: Reference, prices: Prices | None, now_ns: int) -> MarketState:
    """Return the mid, the desk's own prices, every source, and the chart."""
    current = reference.current
    known = {view.source: view for view in current.sources}
    sources = []
    for feed in reference.feeds:
        view = known.get(feed.source)
        fresh = view is not None and view.fresh
        sources.append(
            SourceRow(
                source=feed.source,
                bid=view.bid if view else None,
                ask=view.ask if view else None,
                mid=view.mid if view else None,
                age_ms=view.age_ms if view else None,
                divergence_bps=view.divergence_bps if view else None,
                state="ok" if fresh and view is not None and view.agrees else "degraded" if view else feed.state,
                detail=feed.last_error if not fresh else "" if view is None or view.agrees else "disagrees",
            )
        )
    return MarketState(
        mid=reference.mid,
        age_ms=age_ms(now_ns, current.at_ns),
        usable=current.usable,
        detail=current.reason,
        bid=prices.bid if prices else None,
        ask=prices.ask if prices else None,
        skew_bps=prices.skew_bps if prices else None,
        sources=tuple(sources),
        chart=tuple((round((now_ns - at) / 1e9, 1), float(mid)) for at, mid in reference.chart),
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
