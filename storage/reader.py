"""Reading a history beside the desk that writes it: one consistent picture, whatever engine it is kept in."""

from collections.abc import Iterator
from typing import Any, Protocol, Self

import msgspec

from cockpit.model.formatting import counted
from storage.errors import HistoryError
from storage.rows import TABLES

LATER_NS = 2**63 - 1
"""A time after every recorded one."""


class Span(msgspec.Struct, frozen=True):
    """A stretch of time, UTC ns: ``from_ns`` is in it, ``to_ns`` is not."""

    from_ns: int
    to_ns: int


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run as recorded; its last heartbeat is at ``last_write_ns``."""

    run_id: str
    mode: str
    account: str
    started_ns: int
    last_write_ns: int
    ended_ns: int | None

    @property
    def span(self) -> Span:
        """From its start to its last write, that one included."""
        return Span(self.started_ns, self.last_write_ns + 1)


class Reader(Protocol):
    """Rows of the history's tables by SQL that every engine accepts; ``?`` stands for a value."""

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Yield the rows. Raises HistoryError when the store fails."""
        ...


class Closing:
    """Closes at the end of a ``with`` block."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def runs(reader: Reader) -> list[RunRow]:
    """Return every run, the oldest first."""
    columns = RunRow.__struct_fields__
    found = reader.rows(f"SELECT {', '.join(columns)} FROM runs ORDER BY seq")
    return [RunRow(**dict(zip(columns, row, strict=True))) for row in found]


def row_counts(reader: Reader) -> dict[str, int]:
    """Count the rows of each topic's table, one by one."""
    counts = ", ".join(f"(SELECT COUNT(*) FROM {table.name})" for table in TABLES)
    [row] = reader.rows(f"SELECT {counts}")
    return dict(zip((table.name for table in TABLES), row, strict=True))


def find_run(reader: Reader, name: str) -> RunRow:
    """Return the run of this id or unique prefix, or the ``last`` one. Raises HistoryError when there is none."""
    every = runs(reader)
    if not every:
        raise HistoryError("the history holds no run yet: start a desk first")
    if name == "last":
        return every[-1]
    found = [run for run in every if run.run_id == name] or [run for run in every if run.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    newest = ", ".join(run.run_id for run in every[-3:])
    matching = counted(len(found), "run starts", "runs start") if found else "no run starts"
    raise HistoryError(f"{matching} with {name}; the newest are {newest} (`last` is the newest)")
