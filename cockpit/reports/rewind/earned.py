"""What the UTC day and the run had earned at a recorded moment."""

from cockpit.model.trading_figures.earnings import EarningsPoint, EarningsState
from cockpit.reports.past.earned import earned, span_earned
from cockpit.reports.rewind.money import mid_then
from storage.reader import LATER_NS, Reader, Span
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

DAY_NS = 86_400 * NS_PER_S
CURVE_SHOWN = 120


def earned_then(reader: Reader, tokens: TokenTable, from_ns: int, at_ns: int) -> EarningsState:
    """Return the figures of `cockpit report` for both spans, marked to the mid nearest to the moment."""
    to_ns = min(at_ns, LATER_NS - 1) + 1
    day = Span(at_ns // DAY_NS * DAY_NS, to_ns)
    mid = mid_then(reader, at_ns)
    points = earned(reader, tokens, day, with_curve=True).curve
    thinned = points[:: max(1, -(-len(points) // CURVE_SHOWN))]
    eure, btc = tokens.quote.to_decimal, tokens.base.to_decimal
    return EarningsState(
        today=span_earned(reader, tokens, day),
        run=span_earned(reader, tokens, Span(min(from_ns, at_ns), to_ns)),
        mid=None if mid is None else mid.mid,
        mid_at_ns=0 if mid is None else mid.at_ns,
        loss=eure(0),
        curve=tuple(
            EarningsPoint(
                one_ns,
                None if trading is None else float(eure(trading)),
                None if held is None else float(btc(held)),
            )
            for one_ns, trading, held in thinned
        ),
    )
