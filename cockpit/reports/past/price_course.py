"""The course of the mid, the desk's prices and its fills over any stretch of the past, thinned to what can be drawn."""

from cockpit.model.trading_figures.price_course import CourseFill, CoursePoint, OwnPrices, PriceCourse
from storage.reader import Reader, Span
from storage.reporting.mids import mids_at
from storage.reporting.price_course import CourseFillRecord, newest_fills, quoted_prices
from venue.protocol.amounts import TokenAmounts
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

POINTS = 300
"""Moments looked at: as many as a wide terminal has columns, and as few as take some milliseconds to find."""
LEAST_WITHIN_NS = 60 * NS_PER_S
"""Own prices count for so long at least: on a quiet market a minute passes between two requests."""


def price_course(reader: Reader, tokens: TokenTable, span: Span, points: int = POINTS) -> PriceCourse:
    """Return the course of a span. Raises HistoryError."""
    step_ns = max(1, (span.to_ns - span.from_ns) // points)
    times = range(span.from_ns, span.to_ns, step_ns)
    known = mids_at(reader, times)
    quoted = quoted_prices(reader, times, max(step_ns, LEAST_WITHIN_NS))
    return PriceCourse(
        from_ns=span.from_ns,
        to_ns=span.to_ns,
        step_ns=step_ns,
        points=tuple(CoursePoint(at_ns, float(known[at_ns].mid)) for at_ns in times if at_ns in known),
        prices=tuple(
            OwnPrices(
                one.at_ns,
                None if one.bid is None else float(one.bid),
                None if one.ask is None else float(one.ask),
            )
            for one in quoted
        ),
        fills=tuple(_fill(one, tokens) for one in newest_fills(reader, span)),
    )


def _fill(one: CourseFillRecord, tokens: TokenTable) -> CourseFill:
    moved = tokens.worth(TokenAmounts({one.asset_in: one.amount_in, one.asset_out: -one.amount_out}))
    base, quote = tokens.base.to_decimal(abs(moved.base)), tokens.quote.to_decimal(abs(moved.quote))
    return CourseFill(one.at_ns, float(quote / base) if base else 0.0, "buy" if moved.base > 0 else "sell")
