"""What an answer of a source says: bounded where it is read, with unknown told apart from nothing."""

import math
from datetime import UTC, datetime

import msgspec

from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.transport.jsonrpc import decode, plain
from venue.transport.timestamps import nanoseconds

MAX_LISTED = 100
"""A source that lists more is read no further: the rest is of unknown scope."""
MAX_UNLISTED = 1_000_000
MAX_WORD = 160
MAX_TITLE = 120
EARLIEST_NS = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * NS_PER_S
LATEST_NS = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * NS_PER_S
"""A time outside is absurd, and unknown."""
_MAX_TIME = 40
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])
_ANYTHING: msgspec.json.Decoder[object] = msgspec.json.Decoder(object)


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as SHIELD lists it. An empty text: the source gave none that can be read."""

    ident: str = ""
    scope_type: str = ""
    scope_value: str = ""
    status: str = ""
    direction: str = ""
    description: str = ""
    created_ns: int | None = None


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A post of the status page; ``kind`` is maintenance or incident, or what else the page calls it."""

    ident: str = ""
    kind: str = ""
    title: str = ""
    starts_ns: int | None = None
    ends_ns: int | None = None


class AlarmReading(msgspec.Struct, frozen=True, kw_only=True):
    """One readable answer of ``source``.

    ``unlisted``: how many more there are than are listed or can be judged, at most a million.
    """

    source: str
    incidents: tuple[Incident, ...] = ()
    posts: tuple[Post, ...] = ()
    unlisted: int = 0


def fields_of(raw: bytes, who: str) -> dict[str, msgspec.Raw]:
    """Return the fields of a JSON object, not decoded. Raises UnreachableError for anything else."""
    return decode(_FIELDS, raw, who)


def entries_of(raw: msgspec.Raw | None) -> list[msgspec.Raw] | None:
    """Return the entries of a list, not decoded: thousands cost little when only the first are read; None without."""
    try:
        return None if raw is None else _ENTRIES.decode(raw)
    except (ValueError, RecursionError):
        return None


def value_of(raw: msgspec.Raw | None) -> object:
    """Return the value; None for one that cannot be read, and for nothing."""
    try:
        return None if raw is None else _ANYTHING.decode(raw)
    except (ValueError, RecursionError):
        return None


def word(value: object, limit: int = MAX_WORD) -> str:
    """Return a text or any other JSON value as one printable line; empty for null and for nothing."""
    if value is None:
        return ""
    return plain(value if isinstance(value, str) else msgspec.json.encode(value).decode(), limit)


def moment(value: object) -> int | None:
    """Return UTC nanoseconds of an ISO 8601 text, or of seconds or milliseconds since 1970; None when unknown."""
    if isinstance(value, str):
        found = _number(value) if value.isascii() and value.isdigit() else _iso(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _number(value)
    else:
        found = None
    return found if found is not None and EARLIEST_NS <= found < LATEST_NS else None


def _iso(text: str) -> int | None:
    try:
        return nanoseconds(text) if len(text) <= _MAX_TIME else None
    except OverflowError:
        return None


def _number(value: str | int | float) -> int | None:
    # Milliseconds as the page writes them; seconds are a thousand times smaller and never meet that range.
    if isinstance(value, str):
        value = int(value) if len(value) <= _MAX_TIME else 0
    if isinstance(value, float) and not math.isfinite(value):
        return None
    whole = int(value)
    return whole * NS_PER_S if whole * NS_PER_S < LATEST_NS else whole * NS_PER_MS
