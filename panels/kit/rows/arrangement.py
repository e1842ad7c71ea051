"""How the operator arranged a list: which columns, in which order, and times or ages."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Literal

import msgspec

from cockpit.model.formatting import age
from panels.kit.rows.cells import Cell, Column, GridRow
from panels.kit.rows.ordering import ordered

Times = Literal["ages", "times"]
NEVER = 100_000
"""A panel is never so wide."""
CLOCK_WIDTH = 8
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Arrangement(msgspec.Struct, frozen=True):
    """``left_out``: titles of columns that are not shown. ``by``: the title of the column of the order; newest first
    where it is empty. ``up``: the least first.
    """

    left_out: tuple[str, ...] = ()
    by: str = ""
    up: bool = False


class ListClock(msgspec.Struct, frozen=True):
    """Whether times take the place of ages, and the zone that they are written in; None: the terminal's own."""

    times: Times = "ages"
    zone: tzinfo | None = UTC

    @property
    def title(self) -> str:
        return "UTC" if self.zone is UTC else "local"

    def text(self, ns: int) -> str:
        """Write a time (nanoseconds since the epoch) as HH:MM:SS."""
        return _written(ns // NS_PER_S, self.zone)

    def exact(self, ns: int) -> str:
        """Write it with milliseconds and its zone."""
        return f"{self.text(ns)}.{ns // 1_000_000 % 1000:03d} {self.title}"


@lru_cache(maxsize=4096)
def _written(seconds: int, zone: tzinfo | None) -> str:
    return f"{datetime.fromtimestamp(seconds, zone):%H:%M:%S}"


class ListArranger:
    """Turns a list's own columns and rows into those that are shown.

    ``both_from``: the width from which times stand beside ages, which are the first column; 0 for a list without ages.
    """

    def __init__(self, columns: Sequence[Column], both_from: int) -> None:
        self._own = tuple(columns)
        self._both_from = both_from
        self.clock = ListClock()
        self.arrangement = Arrangement()

    @property
    def titles(self) -> tuple[str, ...]:
        """Return the titles of the columns that can be left out."""
        return tuple(column.title for column in self._timed() if column.title)

    @property
    def label(self) -> str:
        """Say by what the rows are ordered; empty for the newest first."""
        return self._marked(self.arrangement.by) if self.arrangement.by else ""

    def columns(self) -> tuple[Column, ...]:
        """Return the columns without those left out, the one of the order marked."""
        return tuple(self._arranged(column) for column in self._timed())

    def rows(self, rows: Sequence[GridRow], ages_ms: Sequence[int], at_ns: int) -> list[GridRow]:
        """Return the rows with their times, in the order of the arrangement."""
        if self._both_from:
            rows = [self._dated(row, at_ns - ms * NS_PER_MS) for row, ms in zip(rows, ages_ms, strict=True)]
        by, columns = self.arrangement.by, self._timed()
        index = next((index for index, column in enumerate(columns) if by and column.title == by), None)
        return list(rows) if index is None else ordered(rows, columns, index, up=self.arrangement.up)

    def next_order(self, seen: Collection[int]) -> Arrangement:
        """Return the order by the next column that is seen, by its place; after the last one newest first again."""
        arrangement = self.arrangement
        columns = enumerate(self._timed())
        names = ["", *(column.title for index, column in columns if column.title and index in seen)]
        place = names.index(arrangement.by) if arrangement.by in names else 0
        return msgspec.structs.replace(arrangement, by=names[(place + 1) % len(names)], up=False)

    def reversed(self) -> Arrangement:
        """Return the order turned round."""
        arrangement = self.arrangement
        return msgspec.structs.replace(arrangement, up=not arrangement.up) if arrangement.by else arrangement

    def moment(self, at_ns: int, ms: int) -> Cell:
        """Write when something happened, and how long ago that was."""
        return Cell(f"{self.clock.exact(at_ns - ms * NS_PER_MS)}, {age(ms)} ago")

    def _timed(self) -> tuple[Column, ...]:
        if not self._both_from:
            return self._own
        first, *others = self._own
        if self.clock.times == "times":
            return first._replace(from_width=NEVER), Column(self.clock.title, CLOCK_WIDTH), *others
        return first, Column(self.clock.title, CLOCK_WIDTH, from_width=self._both_from), *others

    def _dated(self, row: GridRow, ns: int) -> GridRow:
        first, *others = row.cells
        return GridRow(row.key, (first, Cell(self.clock.text(ns), "muted"), *others))

    def _arranged(self, column: Column) -> Column:
        if column.title and column.title in self.arrangement.left_out:
            return column._replace(from_width=NEVER)
        if column.title and column.title == self.arrangement.by:
            return column._replace(title=self._marked(column.title))
        return column

    def _marked(self, title: str) -> str:
        return f"{title} {'▴' if self.arrangement.up else '▾'}"
