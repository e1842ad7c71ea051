"""Copying a whole history from one engine to the other: in steps, so that it may break off and go on, and verified."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from itertools import islice
from typing import Any, Protocol

import msgspec

from storage.errors import HistoryError
from storage.reader import Reader, runs
from storage.rows import TABLES

STEP_ROWS = 5_000
"""Rows in one transaction."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{table.name: ("id", *table.columns) for table in TABLES},
    "runs": ("seq", "run_id", "mode", "account", "started_ns", "last_write_ns", "ended_ns"),
}
"""What is copied; the runs come last and anew each time, for they alone change."""

_AMOUNTS = (
    *("amount", "amount_in", "amount_out", "balance", "reserved", "spendable", "notional", "edge", "fee"),
    *("bid", "ask", "mid", "price", "skew_bps"),
)
_WHOLE = (
    *("id", "seq", "at_ns", "deadline_ns", "since_ns", "expires_ns", "reaction_ns", "started_ns", "last_write_ns"),
    *("min_deadline_ms", "others", "block_height", "actionable", "accepted"),
)
_SUMMED = frozenset((*_AMOUNTS, *_WHOLE))


class Target(Protocol):
    """A store that becomes a copy. Methods raise HistoryError."""

    def begin(self, first_run: str) -> None:
        """Make an empty store, or go on with the unfinished copy of the history whose first run this is."""
        ...

    def last(self, table: str) -> int:
        """The highest id that was copied; 0 without any."""
        ...

    def put(self, table: str, rows: Sequence[tuple[Any, ...]], *, anew: bool = False) -> None:
        """Add rows as one transaction; ``anew``: in place of all that are there."""
        ...

    def reader(self) -> Reader:
        """What was copied so far."""
        ...

    def finish(self) -> None:
        """It is whole: let it be used."""
        ...


class Totals(msgspec.Struct, frozen=True):
    """What a table adds up to: its rows, and the exact sum of each column of numbers."""

    rows: int
    sums: Mapping[str, Decimal]


def transfer(source: Reader, target: Target, told: Callable[[str, int, int], None]) -> dict[str, Totals]:
    """Copy what the target lacks, verify all of it, and finish it; what each table adds up to.

    ``told`` hears of each table, how many rows were there already, and how many were copied. Raises HistoryError: what
    was copied stays, and the same call goes on, unless the two do not belong together.
    """
    every = runs(source)
    if not every:
        raise HistoryError("the history holds no run: there is nothing to copy")
    target.begin(every[0].run_id)
    for table, columns in COLUMNS.items():
        key, anew = columns[0], table == "runs"
        last = 0 if anew else target.last(table)
        rows = source.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {key} > ? ORDER BY {key}", last)
        copied = 0
        for step in _steps(rows):
            target.put(table, step, anew=anew and not copied)
            copied += len(step)
        told(table, last, copied)
    found = verified(source, target.reader())
    target.finish()
    return found


def verified(source: Reader, target: Reader) -> dict[str, Totals]:
    """What each table adds up to in both; HistoryError when they differ."""
    found = {}
    for table in COLUMNS:
        there, here = totals(source, table), totals(target, table)
        if there != here:
            names = [name for name in there.sums if there.sums[name] != here.sums[name]]
            raise HistoryError(
                f"the copy differs in {table}: {there.rows} rows in the source, {here.rows} in the copy, and the sums "
                f"of {', '.join(names) or 'no column'}. Remove the unfinished copy and begin anew"
            )
        found[table] = there
    return found


def totals(reader: Reader, table: str) -> Totals:
    """Counted and summed row by row, to the last digit."""
    names = [name for name in COLUMNS[table] if name in _SUMMED]
    whole = [0] * len(names)
    parts = [Decimal(0)] * len(names)
    count = 0
    with localcontext() as context:
        context.prec = 100
        for row in reader.rows(f"SELECT {', '.join(names)} FROM {table}"):
            count += 1
            for place, value in enumerate(row):
                if type(value) is int:
                    whole[place] += value
                elif value is not None:
                    parts[place] += Decimal(value)
        return Totals(count, {name: whole[at] + parts[at] for at, name in enumerate(names)})


def _steps(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while step := list(islice(rows, STEP_ROWS)):
        yield step
