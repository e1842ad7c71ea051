"""Deadlines as the Verifier reads them: RFC 3339 text, exact to the nanosecond, never read through a float."""

import re
from datetime import UTC, datetime, timedelta

from venue.protocol.units import NS_PER_S

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d{2}):(\d{2}))", re.ASCII
)


def parse_timestamp(text: str) -> int:
    """Return UTC nanoseconds since the epoch; digits past the ninth are cut; ValueError when it is no RFC 3339 time."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("a timestamp must be RFC 3339, for instance 2026-01-31T12:00:00.123456789Z")
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = match.groups()
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    since = moment - _EPOCH
    if sign is not None:
        if int(off_hours) > 23 or int(off_minutes) > 59:
            raise ValueError("the offset from UTC is out of range")
        offset = timedelta(hours=int(off_hours), minutes=int(off_minutes))
        since = since - offset if sign == "+" else since + offset
    return (since.days * 86_400 + since.seconds) * NS_PER_S + int((fraction or "0").ljust(9, "0"))


def format_timestamp(at_ns: int) -> str:
    """Format UTC nanoseconds since the epoch as RFC 3339 text with the shortest exact fraction."""
    seconds, fraction = divmod(at_ns, NS_PER_S)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    digits = f"{fraction:09d}".rstrip("0")
    return f"{text}.{digits}Z" if digits else f"{text}Z"
