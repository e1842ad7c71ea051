"""P&L and inventory over the span, at round times: the last point is the report's P&L."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from cockpit.accounting.pnl import InventoryChange, value_at_mid
from cockpit.reports.figures import ReportedPoint
from storage.reader import RunRow, Span
from storage.reporting.mids import STALE_NS, RecordedMid
from venue.protocol.assets import EXACT, Unit
from venue.protocol.units import NS_PER_S

MOST_STEPS = 200
MOST_FILLS = 1_000
_HOUR_NS = 3_600 * NS_PER_S
_STEPS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 7 * 86_400, 30 * 86_400)


def recorded_part(span: Span, runs: Sequence[RunRow]) -> Span | None:
    """Return the part of the span from the first run's start to the last one's end; None without a run in it."""
    if not runs:
        return None
    from_ns = max(span.from_ns, min(run.started_ns for run in runs))
    to_ns = min(span.to_ns, max(run.last_write_ns for run in runs) + 1)
    return Span(from_ns, to_ns) if from_ns < to_ns else None


def step_of(part: Span) -> int:
    """Return the time between two points, ns: the shortest round one that needs no more than ``MOST_STEPS``."""
    length = part.to_ns - part.from_ns
    steps = (seconds * NS_PER_S for seconds in _STEPS_S)
    return next((step for step in steps if length <= step * MOST_STEPS), -(-length // MOST_STEPS))


def times_of(part: Span) -> list[int]:
    """Return both ends of the part and the round times between them."""
    step = step_of(part)
    return [part.from_ns, *range((part.from_ns // step + 1) * step, part.to_ns, step), part.to_ns]


def kept_times(part: Span, fills_ns: Sequence[int]) -> list[int]:
    """Return both ends, hours and the bookings of fills: where the retention keeps the mids on either side.

    What is figured at them stays the same once older prices were deleted. Of many fills an even choice.
    """
    step = max(_HOUR_NS, -(-step_of(part) // _HOUR_NS) * _HOUR_NS)
    every = -(-len(fills_ns) // MOST_FILLS) or 1
    hours = range((part.from_ns // step + 1) * step, part.to_ns, step)
    inside = (at_ns for at_ns in fills_ns[::every] if part.from_ns < at_ns < part.to_ns)
    return sorted({part.from_ns, *hours, *inside, part.to_ns})


def curve(
    times: Sequence[int],
    nearest: Callable[[int], RecordedMid | None],
    ends: tuple[Decimal, Decimal],
    held: tuple[int, int],
    changes: Iterable[tuple[int, InventoryChange]],
    units: tuple[Unit, Unit],
) -> Iterator[ReportedPoint]:
    """Yield a point for each time; ``ends`` are the mids of the report's ends, ``held`` what was held at the start.

    ``changes``: when (UTC ns, in order) and what. A point without a mid within a minute has no values.
    """
    base, quote = units
    left = iter(changes)
    coming = next(left, None)
    holding_base, holding_quote = held
    traded_base = traded_quote = brought = 0

    def worth(amount: int, mid: Decimal) -> int:
        return value_at_mid(base, quote, amount, mid)

    started = worth(held[0], ends[0])
    for place, at_ns in enumerate(times):
        last = place == len(times) - 1
        while coming is not None and (coming[0] < at_ns or last):
            change = coming[1]
            holding_base += change.base
            holding_quote += change.quote
            if change.mid is None:
                traded_base += change.base
                traded_quote += change.quote
            else:
                brought += worth(change.base, change.mid)
            coming = next(left, None)
        mid = ends[last] if place == 0 or last else _fresh(nearest(at_ns), at_ns)
        trading = total = value = None
        if mid is not None:
            trading_units = worth(traded_base, mid) + traded_quote
            total_units = worth(holding_base, mid) + traded_quote - started - brought
            trading, total = quote.to_decimal(trading_units), quote.to_decimal(total_units)
            value = quote.to_decimal(worth(holding_base, mid) + holding_quote)
        yield ReportedPoint(
            at_ns=at_ns,
            mid=mid,
            trading=trading,
            total=total,
            value=value,
            base=base.to_decimal(holding_base),
            quote=quote.to_decimal(holding_quote),
        )


def _fresh(found: RecordedMid | None, at_ns: int) -> Decimal | None:
    return found.mid if found is not None and abs(found.at_ns - at_ns) <= STALE_NS else None


def drawdown(points: Iterable[ReportedPoint]) -> Decimal | None:
    """Return the deepest fall of trading P&L from a peak before it, at the points; None where none is known."""
    peak: Decimal | None = None
    deepest: Decimal | None = None
    for point in points:
        if point.trading is not None:
            peak = point.trading if peak is None else max(peak, point.trading)
            deepest = max(deepest or Decimal(0), EXACT.subtract(peak, point.trading))
    return deepest


def mean_value(points: Sequence[ReportedPoint]) -> Decimal | None:
    """Return the mean value of what was held: each point's, for the time until the next one; None without any."""
    total, length = Decimal(0), 0
    for here, after in pairwise(points):
        if here.value is not None:
            total = EXACT.fma(here.value, Decimal(after.at_ns - here.at_ns), total)
            length += after.at_ns - here.at_ns
    return EXACT.divide(total, Decimal(length)) if length else None
