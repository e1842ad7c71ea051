"""The composite mid as history has it: the one that values a moment, and those of many moments at once."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from storage.reader import LATER_NS, Reader
from venue.protocol.units import NS_PER_S

STALE_NS = 60 * NS_PER_S
"""A mid is recorded whenever it moves; an older one means that the reference was not trusted."""

_BEFORE = """
SELECT mid, at_ns FROM market_price_events WHERE source = 'composite' AND at_ns <= ? ORDER BY at_ns DESC LIMIT 1
"""
_AFTER = """
SELECT mid, at_ns FROM market_price_events WHERE source = 'composite' AND at_ns > ? ORDER BY at_ns LIMIT 1
"""
_BETWEEN = """
SELECT at_ns, mid FROM market_price_events WHERE source = 'composite' AND at_ns >= ? AND at_ns <= ?
ORDER BY at_ns LIMIT ?
"""
_MIDS = """
SELECT t.value, (SELECT m.at_ns || ' ' || m.mid FROM market_price_events m
                 WHERE m.source = 'composite' AND m.at_ns <= t.value ORDER BY m.at_ns DESC LIMIT 1)
FROM json_each(?) t
"""


class RecordedMid(msgspec.Struct, frozen=True):
    """A composite mid, EURe per BTC, and when it was recorded, UTC ns."""

    mid: Decimal
    at_ns: int


def nearest_mid(reader: Reader, at_ns: int) -> RecordedMid | None:
    """Return the mid recorded nearest to a time, before it or after; None when none ever was.

    It depends on the time alone: what one span ends with, the next one begins with, so that their figures add up.
    """
    before, after = mids_around(reader, at_ns)
    if before is None or after is None:
        return before or after
    return before if at_ns - before.at_ns <= after.at_ns - at_ns else after


def mids_around(reader: Reader, at_ns: int) -> tuple[RecordedMid | None, RecordedMid | None]:
    """Return the last mid recorded up to a time, and the first one after it."""
    return _one(reader, _BEFORE, at_ns), _one(reader, _AFTER, at_ns)


def _one(reader: Reader, sql: str, at_ns: int) -> RecordedMid | None:
    # The end of a span may be the end of time, which PostgreSQL's numbers just hold.
    for mid, recorded_ns in reader.rows(sql, min(at_ns, LATER_NS)):
        return RecordedMid(Decimal(mid), recorded_ns)
    return None


def mids_at(reader: Reader, times: Iterable[int]) -> dict[int, RecordedMid]:
    """Return the last mid before each time; a time is left out where none was recorded in the minute before.

    Where there are fewer mids around the times than times, they are read in one pass, else one is looked up for each.
    """
    asked = sorted(times)
    if not asked:
        return {}
    between = list(reader.rows(_BETWEEN, asked[0] - STALE_NS, asked[-1], len(asked)))
    return _looked_up(reader, asked) if len(between) == len(asked) else _passed(between, asked)


def _passed(between: Sequence[tuple[int, str]], asked: Sequence[int]) -> dict[int, RecordedMid]:
    """Take the mids and the times, both in order, in one pass."""
    found: dict[int, RecordedMid] = {}
    left = iter(between)
    coming, recorded = next(left, None), None
    for at_ns in asked:
        newest = None
        while coming is not None and coming[0] <= at_ns:
            newest, coming = coming, next(left, None)
        if newest is not None:
            recorded = RecordedMid(Decimal(newest[1]), newest[0])
        if recorded is not None and at_ns - recorded.at_ns <= STALE_NS:
            found[at_ns] = recorded
    return found


def _looked_up(reader: Reader, asked: Sequence[int]) -> dict[int, RecordedMid]:
    found: dict[int, RecordedMid] = {}
    text, recorded = "", RecordedMid(Decimal(0), 0)
    for at_ns, found_mid in reader.rows(_MIDS, msgspec.json.encode(asked).decode()):
        if found_mid is None:
            continue
        # Times near each other have the same mid, which is read once.
        if found_mid != text:
            recorded_ns, _, mid = found_mid.partition(" ")
            text, recorded = found_mid, RecordedMid(Decimal(mid), int(recorded_ns))
        if at_ns - recorded.at_ns <= STALE_NS:
            found[at_ns] = recorded
    return found
