"""Quiet hours: a daily time, in a zone, in which all but the worst alerts wait. Pure."""

from datetime import UTC, datetime, time, timedelta, tzinfo

import msgspec

NS_PER_S = 10**9


class QuietHours(msgspec.Struct, frozen=True, kw_only=True):
    """From ``start`` until ``end``, exclusive, every day by the zone's clock; past midnight when it ends earlier.

    Summer time is the zone's: an hour that occurs twice is quiet twice, one that is left out is not waited for.
    """

    start: time
    end: time
    zone: tzinfo = UTC

    def contain(self, at_ns: int) -> bool:
        now = datetime.fromtimestamp(at_ns // NS_PER_S, self.zone).time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


def next_time(at: time, zone: tzinfo, after_ns: int) -> int:
    """Return the next moment after ``after_ns`` at which the zone's clock shows ``at``, UTC ns."""
    day = datetime.fromtimestamp(after_ns // NS_PER_S, zone).date()
    for ahead in range(-1, 4):
        moment = datetime.combine(day + timedelta(days=ahead), at, zone).astimezone(UTC)
        found = int(moment.timestamp()) * NS_PER_S
        if found > after_ns:
            return found
    raise AssertionError("a day has no longer than 48 hours")
