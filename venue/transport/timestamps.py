"""Timestamps as the services write them."""

from datetime import UTC, datetime, timedelta

from venue.transport.bounds import LATEST_NS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(value: object) -> int | None:
    """Return UTC nanoseconds of an ISO 8601 text (UTC where it names no zone); None for anything else.

    A time before the epoch, or too late for a 64-bit column, is none.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since_ns = (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
    return since_ns if 0 <= since_ns < LATEST_NS else None
