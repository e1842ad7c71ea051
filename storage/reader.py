"""Reading a history beside the desk that writes it: one consistent picture, whatever engine it is kept in."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, Self

import msgspec

from cockpit.model.formatting import counted
from storage.errors import HistoryError
from storage.rows import TABLES
from venue.protocol.units import NS_PER_S

LATER_NS = 2**63 - 1
"""A time after every recorded one."""
LATE_HEARTBEAT_NS = 15 * NS_PER_S
"""A desk that has not ended writes its heartbeat more often."""


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

    def runs_until(self, every: "Sequence[RunRow]") -> int:
        """Return until when its desk was there, UTC ns: it writes a heartbeat every second.

        The last run of an account that has not ended may be there still, with a heartbeat that is late.
        """
        if self.ended_ns is not None:
            return max(self.ended_ns, self.last_write_ns)
        followed = any(one.started_ns > self.started_ns and one.account == self.account for one in every)
        return self.last_write_ns + (NS_PER_S if followed else LATE_HEARTBEAT_NS)


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


def running(every: Sequence[RunRow], span: Span) -> list[Span]:
    """Return when a desk was there in the span, in order."""
    found = (Span(one.started_ns, one.runs_until(every) + 1) for one in every)
    return [one for one in found if one.from_ns < span.to_ns and one.to_ns > span.from_ns]


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
