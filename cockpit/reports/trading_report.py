"""Computes the figures of `cockpit report` from history alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from cockpit.accounting.markouts import in_bps
from cockpit.accounting.percentiles import counted_percentile, percentile
from cockpit.reports import holdings
from cockpit.reports.breakdowns.mean_markouts import mean_markouts
from cockpit.reports.breakdowns.summary import summarise
from cockpit.reports.figures import (
    Fees,
    KindFigures,
    ReportedFill,
    SideFigures,
    TradingReport,
)
from cockpit.reports.given_away import Edges, option_figures
from cockpit.reports.marked_fills import MarkedFill, mark_fills
from cockpit.reports.profit import profit_and_loss
from storage.reader import Reader, Span, runs
from storage.reporting import differences, movements, trading
from storage.reporting.failing_checks import failing_checks
from storage.reporting.notes import newest_notes
from storage.reporting.options import option_minutes, written_by_token
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import EXACT
from venue.protocol.tokens import TokenTable
from venue.protocol.units import PIPS

MOST_NOTES = 500
"""Of operators in a report, the newest."""


def trading_report(
    reader: Reader, span: Span, tokens: TokenTable, *, pips: int = 1, with_fills: bool = False
) -> TradingReport:
    """Compute the report of a span; ``pips``: the protocol's fee in millionths, which history does not hold."""
    every = [run for run in runs(reader) if run.started_ns < span.to_ns and run.last_write_ns >= span.from_ns]
    found = trading.fills(reader, span)
    counted = trading.count_events(reader, span)
    marked = list(mark_fills(reader, every, found, tokens))
    opening = holdings.opening(reader, span, tokens)
    accepted_differences = differences.accepted_differences(reader, span)
    closing = holdings.closing(reader, span, tokens)
    flows = [
        *movements.movements_between(reader, span, opening, closing),
        *holdings.accepted_movements(accepted_differences, tokens),
    ]
    profit = profit_and_loss(reader, span, tokens, opening, found, flows)
    known = None if isinstance(profit, str) else profit
    summary = summarise(reader, span, tokens, every, marked, known)
    failing = failing_checks(reader, span, (reason for reason in counted.reasons if reason != "quote"))
    settled = counted.outcomes.get("settled", 0)
    reactions = counted.reactions_ns
    return TradingReport(
        from_ns=span.from_ns,
        to_ns=span.to_ns,
        runs=len(every),
        accounts=tuple(dict.fromkeys(run.account for run in every)),
        modes=tuple(dict.fromkeys(run.mode for run in every)),
        demands=counted.requests,
        decisions=sum(counted.reasons.values()),
        sent=len(reactions),
        outcomes=counted.outcomes,
        win_rate=_ratio(settled - counted.settled.get("dry", 0), _accepted(counted) - counted.accepted.get("dry", 0)),
        market_share=_ratio(settled, settled + counted.others_settled),
        others_settled=counted.others_settled,
        not_quoted=tuple(
            sorted(
                ((reason, count) for reason, count in counted.reasons.items() if reason != "quote"),
                key=lambda item: (-item[1], item[0]),
            )
        ),
        failing=tuple(sorted(failing.counts.items(), key=lambda item: (-item[1], item[0]))),
        failing_of=failing.decisions,
        sides=tuple(_side(side, marked, tokens) for side in ("buy", "sell")),
        fees=_fees(found, trading.bridge_fees(reader, span), pips, tokens),
        inventory=holdings.shown(
            tokens, (holdings.change(token, opening, found, flows, closing) for token in tokens.tokens)
        ),
        accepted=tuple(holdings.accepted_row(one, tokens) for one in accepted_differences),
        profit=None if known is None else known[0],
        profit_unknown=profit if isinstance(profit, str) else "",
        reaction_us=(_us(percentile(reactions, 0.5)), _us(percentile(reactions, 0.99)), _us(percentile(reactions, 1))),
        markouts=mean_markouts(marked, tokens),
        fills=tuple(_fill_row(one, tokens) for one in marked) if with_fills else (),
        dry=counted.dry,
        requests_deleted=max(0, sum(counted.reasons.values()) - counted.requests - counted.dry),
        router_legs=counted.router_legs,
        kinds=_by_kind(counted),
        dated=sum(count for _, count in counted.latencies_ms),
        relay_latency_ms=(
            counted_percentile(counted.latencies_ms, 0.5),
            counted_percentile(counted.latencies_ms, 0.99),
            counted_percentile(counted.latencies_ms, 1),
        ),
        options=option_figures(
            (Edges(one.side, one.fill.edge, one.booked_edge) for one in marked),
            option_minutes(reader, span),
            written_by_token(reader, span),
            tokens,
        ),
        hits=summary.hits,
        latency=summary.latency,
        adverse=summary.adverse,
        half_life=summary.half_life,
        capital=summary.capital,
        groups=summary.groups,
        curve=summary.curve,
        notes=tuple(reversed([*newest_notes(reader, span, MOST_NOTES)])),
    )


def _accepted(counted: trading.EventCounts) -> int:
    return counted.outcomes.get("accepted", 0)


def _by_kind(counted: trading.EventCounts) -> tuple[KindFigures, ...]:
    kinds = [kind for kind in ("top_level", "router_leg", "dry", "") if counted.accepted[kind] or counted.settled[kind]]
    return tuple(
        KindFigures(
            kind=kind,
            accepted=counted.accepted[kind],
            settled=counted.settled[kind],
            win_rate=_ratio(counted.settled[kind], counted.accepted[kind]),
        )
        for kind in kinds
    )


def _ratio(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001")) if whole else None


def _us(ns: int | None) -> Decimal | None:
    return None if ns is None else Decimal(ns).scaleb(-3)


def _fill_row(one: MarkedFill, tokens: TokenTable) -> ReportedFill:
    fill = one.fill
    btc, eure = tokens.base.to_decimal(one.base), tokens.quote.to_decimal(one.quote)
    return ReportedFill(
        at_ns=fill.at_ns,
        quote_hash=fill.quote_hash,
        quote_id=fill.quote_id,
        tx_hash=fill.tx_hash,
        side=one.side,
        btc=btc,
        eure=eure,
        price=EXACT.divide(eure, btc).quantize(Decimal("1e-8")),
        spread=None if fill.edge is None else tokens.quote.to_decimal(fill.edge),
        life_ms=one.life_ms,
        markouts=tuple(None if hundredths is None else in_bps(hundredths) for hundredths in one.markouts),
    )


def _side(side: str, marked: Iterable[MarkedFill], tokens: TokenTable) -> SideFigures:
    ours = [one for one in marked if one.side == side]
    return SideFigures(
        side=side,
        fills=len(ours),
        btc=tokens.base.to_decimal(sum(one.base for one in ours)),
        eure=tokens.quote.to_decimal(sum(one.quote for one in ours)),
        spread=tokens.quote.to_decimal(sum(one.fill.edge or 0 for one in ours)),
        spread_unknown=sum(one.fill.edge is None for one in ours),
    )


def _fees(found: Sequence[trading.FillRecord], bridge: Mapping[str, int], pips: int, tokens: TokenTable) -> Fees:
    protocol: Counter[str] = Counter()
    for fill in found:
        protocol[fill.asset_out] += -(-fill.amount_out * pips // PIPS)
    paid, bridged = tokens.worth(TokenAmounts(protocol)), tokens.worth(TokenAmounts(bridge))
    return Fees(
        pips=pips,
        protocol_btc=tokens.base.to_decimal(paid.base),
        protocol_eure=tokens.quote.to_decimal(paid.quote),
        bridge_btc=tokens.base.to_decimal(bridged.base),
        bridge_eure=tokens.quote.to_decimal(bridged.quote),
    )
