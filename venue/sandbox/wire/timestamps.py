"""Deadlines as the Verifier reads and prints them (chrono): exact to the nanosecond, never through a float.

It takes more than RFC 3339: years of any length with a sign, fewer digits, spaces, an offset without a colon, "UTC".
"""

import re
from datetime import date

from venue.protocol.units import NS_PER_S

_EPOCH = date(1970, 1, 1).toordinal()
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
_TIME = re.compile(
    r"\s*([+-]?)([0-9]+)\s*-\s*([0-9]{1,2})\s*-\s*([0-9]{1,2})[Tt ]"
    r"\s*([0-9]{1,2})\s*:\s*([0-9]{1,2})\s*:\s*([0-9]{1,2})(?:\.([0-9]{1,9})[0-9]*)?\s*"
    r"(?:[Zz]|[Uu][Tt][Cc]|([+\-\u2212])([0-9]{2})[:\s]*([0-9]{2}))\s*",
)


class LeapSecond(int):
    """A time in a second 60, which comes before all of the next minute: as a number the nanosecond before that.

    ``fraction``: nanoseconds of the second, which are printed.
    """

    fraction: int

    @classmethod
    def before(cls, next_minute_ns: int, fraction: int) -> "LeapSecond":
        found = cls(next_minute_ns - 1)
        found.fraction = fraction
        return found


def parse_timestamp(text: str) -> int:
    """Return UTC nanoseconds since the epoch; digits past the ninth are cut. Raises ValueError."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("a timestamp must be RFC 3339, for instance 2026-01-31T12:00:00.123456789Z")
    sign, year, month, day, hour, minute, second, fraction, zone, zone_hours, zone_minutes = match.groups()
    if not sign and len(year) > 4:
        raise ValueError("a year of more than four digits needs a sign")
    days = _days(int(sign + year), int(month), int(day))
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        raise ValueError("the time is out of range")
    seconds = days * 86_400 + int(hour) * 3600 + int(minute) * 60 + int(second)
    if zone is not None:
        if int(zone_hours) > 23 or int(zone_minutes) > 59:
            raise ValueError("the offset from UTC is out of range")
        offset = int(zone_hours) * 3600 + int(zone_minutes) * 60
        seconds += -offset if zone == "+" else offset
    nanoseconds = int((fraction or "0")[:9].ljust(9, "0"))
    if int(second) == 60:
        return LeapSecond.before(seconds * NS_PER_S, nanoseconds)
    return seconds * NS_PER_S + nanoseconds


def format_timestamp(at_ns: int) -> str:
    """Format UTC nanoseconds since the epoch as RFC 3339 text, its fraction with 0, 3, 6 or 9 digits."""
    seconds, fraction = divmod(at_ns, NS_PER_S)
    days, rest = divmod(seconds, 86_400)
    cycles, day = divmod(days, _CYCLE_DAYS)
    if day + _EPOCH > date.max.toordinal():
        cycles, day = cycles + 1, day - _CYCLE_DAYS
    moment = date.fromordinal(day + _EPOCH)
    year = moment.year + cycles * _CYCLE_YEARS
    shown = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+05d}"
    second = rest % 60
    if isinstance(at_ns, LeapSecond):
        second, fraction = second + 1, at_ns.fraction
    text = f"{shown}-{moment.month:02d}-{moment.day:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{second:02d}"
    digits = next(places for places in (0, 3, 6, 9) if fraction % 10 ** (9 - places) == 0)
    return f"{text}.{fraction // 10 ** (9 - digits):0{digits}d}Z" if digits else f"{text}Z"


def format_millis(at_ns: int) -> str:
    """Format UTC nanoseconds since the epoch as RFC 3339 text cut to milliseconds, always with three digits."""
    return f"{format_timestamp(at_ns - at_ns % NS_PER_S)[:-1]}.{at_ns % NS_PER_S // 10**6:03d}Z"


def _days(year: int, month: int, day: int) -> int:
    """Days since the epoch in the proleptic Gregorian calendar; ValueError for a date or year that chrono lacks."""
    if not -262_143 <= year <= 262_142:
        raise ValueError("the year is out of range")
    cycles, within = divmod(year - 1, _CYCLE_YEARS)
    return date(within + 1, month, day).toordinal() - _EPOCH + cycles * _CYCLE_DAYS
