"""A recorded event as one line of JSON: the same from a desk as it happens and from its history later."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import msgspec

from cockpit.model.events import AnyEvent, Event
from storage.errors import UnknownTopicError
from storage.rows import TABLES, Row, Table
from venue.protocol.units import NS_PER_MS

GAP, DESK, MARK = "gap", "desk", "mark"
"""Topics of lines that are no recorded event: something is missing, the desk came or went, how far history goes."""

UNSHOWN = {"prepared_withdrawals": frozenset({"signed"})}
"""Columns that no line has: whoever holds signed bytes can send them."""

BY_TOPIC: Mapping[str, Table] = {str(table.event.__struct_config__.tag): table for table in TABLES}
BY_EVENT: Mapping[type[Event], tuple[str, Table]] = {table.event: (topic, table) for topic, table in BY_TOPIC.items()}
_FLAGS = {
    table.name: frozenset(
        index
        for index, name in enumerate(table.columns)
        if name in table.event.__annotations__ and "bool" in str(table.event.__annotations__[name])
    )
    for table in TABLES
}
"""Where a table keeps 0 and 1 for no and yes."""

_LAST_MS = 253_402_300_799_999
_json = msgspec.json.Encoder()


def find_topics(names: Iterable[str]) -> dict[str, Table]:
    """Return the tables of these topics, all of them when none is named. Raises UnknownTopicError."""
    found = {name: BY_TOPIC.get(name) for name in names}
    for name, table in found.items():
        if table is None:
            raise UnknownTopicError(_unknown(name))
    return {name: table for name, table in found.items() if table is not None} or dict(BY_TOPIC)


def _unknown(name: str) -> str:
    by_table = {table.name: topic for topic, table in BY_TOPIC.items()}
    near = [by_table[name]] if name in by_table else get_close_matches(name, BY_TOPIC, 1, 0.5)
    near = near or [topic for topic in BY_TOPIC if name and name in topic][:1]
    hint = f"did you mean {near[0]}?" if near else f"the topics are {', '.join(BY_TOPIC)}"
    return f"unknown topic {name[:100]!r}: {hint}"


def event_line(run_id: str, event: AnyEvent) -> str:
    """Return the line of an event that was just recorded."""
    topic, table = BY_EVENT[type(event)]
    return row_line(topic, table, table.row(run_id, event))


def row_line(topic: str, table: Table, row: Row) -> str:
    """Return the line of a row, whose columns are those of the table."""
    flags, hidden = _FLAGS[table.name], UNSHOWN.get(table.name, frozenset())
    fields: dict[str, Any] = {"topic": topic, "at_ns": 0, "at": ""}
    for index, name in enumerate(table.columns):
        value = row[index]
        if name not in hidden:
            fields[name] = value if value is None or index not in flags else bool(value)
    fields["at"] = iso_ms(fields["at_ns"])
    return encoded(fields)


def said(topic: str, at_ns: int, **fields: Any) -> str:
    """Return a line that is no recorded event."""
    return encoded({"topic": topic, "at_ns": at_ns, "at": iso_ms(at_ns), **fields})


def encoded(fields: Mapping[str, Any]) -> str:
    try:
        return _json.encode(fields).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair has no encoding; history keeps a mark in its place, too.
        whole = {name: _encodable(value) for name, value in fields.items()}
        return _json.encode(whole).decode()


def iso_ms(at_ns: int) -> str:
    """Return a time (UTC ns) as ISO 8601 with milliseconds."""
    seconds, ms = divmod(min(max(at_ns // NS_PER_MS, 0), _LAST_MS), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
