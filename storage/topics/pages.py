"""Recorded events read back by the ids of their rows: a page at a time, so that no reading lasts."""

from collections.abc import Iterator, Mapping
from heapq import merge
from operator import itemgetter
from typing import Any

import msgspec

from storage.queries import POSITIONS
from storage.reader import LATER_NS, Reader, Span
from storage.rows import TABLES, Table
from storage.topics.lines import row_line

Position = Mapping[str, int]
"""The newest row of each table that counts, by the table's name; 0 and a missing name: none."""

MOST_ROWS = 500
"""Rows of one table read at once."""
MARGIN_NS = 60 * 10**9
"""Rows of a table are in the order of their times, but for what a clock that was set back did."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are read: tables by topic, their time, and their run; an empty ``run_id`` is any."""

    tables: Mapping[str, Table]
    span: Span = Span(0, LATER_NS)
    run_id: str = ""


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in the order of their times, the position after them, and whether more rows are there."""

    lines: tuple[str, ...]
    position: Position
    more: bool


def newest_position(reader: Reader) -> dict[str, int]:
    """Return where the history ends. Raises HistoryError."""
    [row] = reader.rows(POSITIONS)
    return position_of(row)


def position_of(row: tuple[Any, ...]) -> dict[str, int]:
    """Read the one row that ``POSITIONS`` has."""
    return {table.name: int(last) for table, last in zip(TABLES, row, strict=True)}


def position_before(reader: Reader, tables: Mapping[str, Table], at_ns: int) -> dict[str, int]:
    """Return a position before every row of these tables of this time or later, UTC ns. Raises HistoryError."""
    last = newest_position(reader)
    return {table.name: _id_before(reader, table, at_ns - MARGIN_NS, last[table.name]) for table in tables.values()}


def _id_before(reader: Reader, table: Table, at_ns: int, last: int) -> int:
    # By halves: not every table has an index by time.
    low, high = 0, last
    while low < high:
        middle = (low + high) // 2
        rows = list(reader.rows(f"SELECT id, at_ns FROM {table.name} WHERE id > ? ORDER BY id LIMIT 1", middle))
        if rows and rows[0][0] <= high and rows[0][1] < at_ns:
            low = rows[0][0]
        else:
            high = middle
    return low


def read_page(reader: Reader, chosen: Chosen, after: Position, upto: Position, most_rows: int = MOST_ROWS) -> EventPage:
    """Read rows after one position up to another, at most so many of a table. Raises HistoryError."""
    last_read: dict[str, int] = {}
    found = []
    for topic, table in chosen.tables.items():
        rows = list(_rows(reader, table, after.get(table.name, 0), upto.get(table.name, 0), most_rows))
        if len(rows) == most_rows:
            last_read[table.name] = rows[-1][0]
        found.append([(row[2], row[0], topic, table, row[1:]) for row in rows])
    lines: list[str] = []
    reached = dict(after)
    for at_ns, row_id, topic, table, row in merge(*found, key=itemgetter(0)):
        reached[table.name] = row_id
        if chosen.span.from_ns <= at_ns < chosen.span.to_ns and chosen.run_id in ("", row[0]):
            lines.append(row_line(topic, table, row))
        if row_id == last_read.get(table.name):
            # It may have more rows, before those of other tables.
            return EventPage(lines=tuple(lines), position=reached, more=True)
    return EventPage(lines=tuple(lines), position={**after, **upto}, more=False)


def _rows(reader: Reader, table: Table, first: int, last: int, most: int) -> Iterator[tuple[Any, ...]]:
    if last <= first:
        return iter(())
    # The table's columns begin with the run and the time.
    columns = ", ".join(("id", *table.columns))
    return reader.rows(
        f"SELECT {columns} FROM {table.name} WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", first, last, most
    )
