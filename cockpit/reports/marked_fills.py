"""The desk's fills and how far the mid moved after each, by the mids that the desk recorded as each horizon passed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from cockpit.accounting.markouts import HORIZONS_S, markout
from cockpit.reports import holdings
from cockpit.reports.given_away import booked_edge
from storage.reader import Reader, RunRow
from storage.reporting import mids, trading
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S


class MarkedFill(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fill from the desk's side, base units of the underlyings, and its markouts in hundredths of a bps.

    ``booked_edge``: its gain against the mid when it was booked, base units of EURe; None where none was known.
    """

    fill: trading.FillRecord
    side: str
    base: int
    quote: int
    markouts: tuple[int | None, ...]
    booked_edge: int | None

    @property
    def life_ms(self) -> int:
        """How long the quote could be taken."""
        return (self.fill.deadline_ns - self.fill.sent_ns) // 1_000_000

    @property
    def asked_ms(self) -> int:
        """How long the request wanted that; a quote lives as long, and a little longer."""
        return self.life_ms if self.fill.asked_ms is None else self.fill.asked_ms


AT_ONCE = 2_000
"""Fills whose mids are held at once."""


def mark_fills(
    reader: Reader, every: Sequence[RunRow], found: Sequence[trading.FillRecord], tokens: TokenTable
) -> Iterator[MarkedFill]:
    """Yield the fills with their markouts; the mids of a part of them are held at a time."""
    for start in range(0, len(found), AT_ONCE):
        part = found[start : start + AT_ONCE]
        marks = horizon_mids(reader, every, part)
        yield from (mark_fill(fill, marks, tokens) for fill in part)


def horizon_mids(
    reader: Reader, every: Sequence[RunRow], found: Iterable[trading.FillRecord]
) -> dict[int, mids.RecordedMid]:
    """Return the mids at every settlement and at each of its horizons; moments at which no desk ran are left out."""
    horizons = tuple(seconds * NS_PER_S for seconds in (0, *HORIZONS_S))
    times = {fill.settled_ns + after_ns for fill in found if fill.settled_ns for after_ns in horizons}
    return mids.mids_at(reader, while_a_desk_ran(sorted(times), every))


def while_a_desk_ran(times: Sequence[int], every: Sequence[RunRow]) -> list[int]:
    """Pick the times, in order, that lie in a run; runs may overlap."""
    seen: list[int] = []
    taken = 0
    for started_ns, ended_ns in sorted((run.started_ns, run.last_write_ns) for run in every):
        start = max(taken, bisect_left(times, started_ns))
        taken = max(start, bisect_right(times, ended_ns))
        seen += times[start:taken]
    return seen


def mark_fill(fill: trading.FillRecord, marks: Mapping[int, mids.RecordedMid], tokens: TokenTable) -> MarkedFill:
    """Return the fill with its markouts by these mids."""
    moved = holdings.worth_moved(fill, tokens)
    side = "buy" if moved.base > 0 else "sell"
    base, quote = abs(moved.base), abs(moved.quote)
    later = [mid_after(fill, seconds, marks) for seconds in HORIZONS_S]
    booked = None if fill.settled_ns is None else marks.get(fill.settled_ns)
    return MarkedFill(
        fill=fill,
        side=side,
        base=base,
        quote=quote,
        markouts=tuple(
            None if mid is None else markout(tokens.base, tokens.quote, side, base, quote, mid) for mid in later
        ),
        booked_edge=booked_edge(tokens, side, base, quote, None if booked is None else booked.mid),
    )


def mid_after(fill: trading.FillRecord, seconds: int, marks: Mapping[int, mids.RecordedMid]) -> Decimal | None:
    """Return the mid so many seconds after a settlement, the very one by which the desk marked it if it did."""
    if fill.settled_ns is None:
        return None
    due_ns = fill.settled_ns + seconds * NS_PER_S
    found = marks.get(due_ns)
    return None if found is None or (fill.marked and found.at_ns != due_ns) else found.mid
