"""The composite mid as history has it: the one that values a moment, and those of many moments at once."""

from collections.abc import Iterable
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
    """Return the last mid before each time; a time is left out where none was recorded in the minute before."""
    asked = msgspec.json.encode(list(times)).decode()
    found: dict[int, RecordedMid] = {}
    for at_ns, found_mid in reader.rows(_MIDS, asked):
        if found_mid is None:
            continue
        recorded_ns, _, mid = found_mid.partition(" ")
        if at_ns - int(recorded_ns) <= STALE_NS:
            found[at_ns] = RecordedMid(Decimal(mid), int(recorded_ns))
    return found
