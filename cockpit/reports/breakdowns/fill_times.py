"""How long fills took, how many turned against the desk, and how long their inventory was held. Pure."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from decimal import Decimal

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.accounting.percentiles import percentile
from cockpit.reports.figures import AdverseShare, FillLatency, HalfLife
from cockpit.reports.marked_fills import MarkedFill
from venue.protocol.assets import Unit
from venue.protocol.units import NS_PER_MS


def fill_latency(marked: Iterable[MarkedFill]) -> FillLatency:
    """Measure from the sending of a quote to its settlement; one that ends before it starts is unknown."""
    taken = sorted(
        (one.fill.settled_ns - one.fill.sent_ns) // NS_PER_MS
        for one in marked
        if one.fill.settled_ns is not None and one.fill.settled_ns >= one.fill.sent_ns
    )
    return FillLatency(
        known=len(taken),
        p50_ms=percentile(taken, 0.5),
        p90_ms=percentile(taken, 0.9),
        p99_ms=percentile(taken, 0.99),
        max_ms=percentile(taken, 1),
    )


def adverse_shares(marked: Sequence[MarkedFill]) -> tuple[AdverseShare, ...]:
    """Return the share of the fills with a markout below zero, at each horizon."""
    shares = []
    for place, seconds in enumerate(HORIZONS_S):
        known = [hundredths for one in marked if (hundredths := one.markouts[place]) is not None]
        against = sum(hundredths < 0 for hundredths in known)
        share = (Decimal(against) / len(known)).quantize(Decimal("0.0001")) if known else None
        shares.append(AdverseShare(seconds=seconds, known=len(known), adverse=against, share=share))
    return tuple(shares)


def inventory_half_life(changes: Iterable[tuple[int, int]], base: Unit) -> HalfLife:
    """``changes``: of each fill, in order, its time (UTC ns) and the signed base units that it moved.

    A fill opens inventory, long or short, or offsets what earlier ones opened, the oldest first. The half-life is the
    time after which half of all that was opened was offset.
    """
    lots: deque[tuple[int, int]] = deque()
    opened = 0
    held: Counter[int] = Counter()
    for at_ns, moved in changes:
        while moved and lots and (lots[0][1] > 0) != (moved > 0):
            since_ns, units = lots.popleft()
            offset = min(abs(units), abs(moved))
            held[(at_ns - since_ns) // NS_PER_MS] += offset
            left = abs(units) - offset
            moved += offset if units > 0 else -offset
            if left:
                lots.appendleft((since_ns, left if units > 0 else -left))
        if moved:
            opened += abs(moved)
            lots.append((at_ns, moved))
    return HalfLife(
        opened=base.to_decimal(opened), offset=base.to_decimal(held.total()), half_life_ms=_half(held, opened)
    )


def _half(held: Counter[int], opened: int) -> int | None:
    seen = 0
    for ms in sorted(held):
        seen += held[ms]
        if 2 * seen >= opened:
            return ms
    return None
