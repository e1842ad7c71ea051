"""All figures by group and over time of one span, from its fills, its P&L and the quotes that it sent."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from cockpit.reports.breakdowns.curve import curve, drawdown, kept_times, mean_value, recorded_part, times_of
from cockpit.reports.breakdowns.fill_times import adverse_shares, fill_latency, inventory_half_life
from cockpit.reports.breakdowns.groups import Breakdown
from cockpit.reports.figures import (
    AdverseShare,
    CapitalFigures,
    FillLatency,
    GroupFigures,
    HalfLife,
    HitFigures,
    ProfitAndLoss,
    ReportedPoint,
)
from cockpit.reports.marked_fills import MarkedFill
from cockpit.reports.profit import ValuedChanges
from storage.reader import Reader, RunRow, Span
from storage.reporting.mids import nearest_mid
from storage.reporting.sent_quotes import sent_quotes
from venue.protocol.assets import EXACT
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

_DAY_NS = 86_400 * NS_PER_S
_SHARE = Decimal("0.000001")


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Without a P&L there is neither capital nor curve."""

    hits: HitFigures
    latency: FillLatency
    adverse: tuple[AdverseShare, ...]
    half_life: HalfLife
    capital: CapitalFigures | None
    groups: tuple[GroupFigures, ...]
    curve: tuple[ReportedPoint, ...]


def summarise(
    reader: Reader,
    span: Span,
    tokens: TokenTable,
    runs: Sequence[RunRow],
    marked: Sequence[MarkedFill],
    profit: tuple[ProfitAndLoss, ValuedChanges] | None,
) -> Summary:
    """``runs``: those that overlap the span; ``marked``: its fills, in order."""
    ends_ns = max((run.last_write_ns for run in runs), default=0)
    breakdown = Breakdown(tokens, ends_ns)
    breakdown.count(sent_quotes(reader, span))
    breakdown.count_fills(marked)
    points: tuple[ReportedPoint, ...] = ()
    kept: tuple[ReportedPoint, ...] = ()
    part = recorded_part(span, runs)
    if profit is not None and part is not None:
        pnl, valued = profit

        def points_at(times: Sequence[int]) -> tuple[ReportedPoint, ...]:
            return tuple(
                curve(
                    times,
                    lambda at_ns: nearest_mid(reader, at_ns),
                    (pnl.opening_mid, pnl.closing_mid),
                    (valued.held.base, valued.held.quote),
                    valued.changes,
                    (tokens.base, tokens.quote),
                )
            )

        points = points_at(times_of(part))
        kept = points_at(kept_times(part, [one.fill.at_ns for one in marked]))
    return Summary(
        hits=breakdown.hits(),
        latency=fill_latency(marked),
        adverse=adverse_shares(marked),
        half_life=inventory_half_life(
            ((one.fill.at_ns, one.base if one.side == "buy" else -one.base) for one in marked), tokens.base
        ),
        capital=None if profit is None else _capital(profit[0], kept),
        groups=breakdown.rows(None if profit is None else profit[0].closing_mid),
        curve=points,
    )


def _capital(pnl: ProfitAndLoss, points: Sequence[ReportedPoint]) -> CapitalFigures:
    mean = mean_value(points)

    def share(part: Decimal) -> Decimal | None:
        return EXACT.divide(part, mean).quantize(_SHARE, ROUND_HALF_EVEN, EXACT) if mean else None

    length = points[-1].at_ns - points[0].at_ns if points else 0
    a_year = (
        share(EXACT.divide(EXACT.multiply(pnl.trading, Decimal(365 * _DAY_NS)), Decimal(length)))
        if length >= _DAY_NS
        else None
    )
    return CapitalFigures(
        mean=None if mean is None else mean.quantize(Decimal("0.0001"), ROUND_HALF_EVEN, EXACT),
        holding=pnl.revaluation,
        drawdown=drawdown(points),
        trading_return=share(pnl.trading),
        total_return=share(pnl.total),
        holding_return=share(pnl.revaluation),
        a_year=a_year,
    )
