"""The course of the mid, the desk's prices and its fills over any stretch of the past, thinned to what can be drawn."""

from collections.abc import Sequence

from cockpit.model.trading_figures.price_course import CourseFill, CoursePoint, OwnPrices, PriceCourse
from storage.reader import Reader, Span, running, runs
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
    desks = running(runs(reader), span)
    # What was known last before a desk ended is not what was so while there was none, nor as the next one began.
    since = {at_ns: began_ns for at_ns in times if (began_ns := _began(at_ns, desks)) is not None}
    known = mids_at(reader, since)
    quoted = quoted_prices(reader, since, max(step_ns, LEAST_WITHIN_NS))
    return PriceCourse(
        from_ns=span.from_ns,
        to_ns=span.to_ns,
        step_ns=step_ns,
        points=tuple(
            CoursePoint(at_ns, float(known[at_ns].mid))
            for at_ns in since
            if at_ns in known and known[at_ns].at_ns >= since[at_ns]
        ),
        prices=tuple(
            OwnPrices(
                one.at_ns,
                None if one.bid is None else float(one.bid),
                None if one.ask is None else float(one.ask),
            )
            for one in quoted
            if one.oldest_ns is None or one.oldest_ns >= since[one.at_ns]
        ),
        fills=tuple(_fill(one, tokens) for one in newest_fills(reader, span)),
    )


def _began(at_ns: int, desks: Sequence[Span]) -> int | None:
    """Return when the desk of a moment began; None where there was none."""
    return min((desk.from_ns for desk in desks if desk.from_ns <= at_ns < desk.to_ns), default=None)


def _fill(one: CourseFillRecord, tokens: TokenTable) -> CourseFill:
    moved = tokens.worth(TokenAmounts({one.asset_in: one.amount_in, one.asset_out: -one.amount_out}))
    base, quote = tokens.base.to_decimal(abs(moved.base)), tokens.quote.to_decimal(abs(moved.quote))
    return CourseFill(one.at_ns, float(quote / base) if base else 0.0, "buy" if moved.base > 0 else "sell")
