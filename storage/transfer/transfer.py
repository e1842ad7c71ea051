"""Copies a whole history from one engine to the other, in steps, so that it can be resumed, and verifies the copy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from itertools import islice
from typing import Any, Protocol

import msgspec

from cockpit.model.formatting import counted
from storage.errors import HistoryError
from storage.reader import Reader, runs
from storage.rows import TABLES
from storage.runs import ASSET_COLUMNS

STEP_ROWS = 5_000
"""Rows in one transaction."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{table.name: ("id", *table.columns) for table in TABLES},
    "assets": ("seq", *ASSET_COLUMNS),
    "runs": ("seq", "run_id", "mode", "account", "started_ns", "last_write_ns", "ended_ns"),
}
"""What is copied."""

REPLACED = ("assets", "runs")
"""These come last, and are replaced each time, since they alone change."""

_AMOUNTS = (
    *("amount", "amount_in", "amount_out", "balance", "reserved", "spendable", "notional", "edge", "fee"),
    *("gas_fee", "native_fee"),
    *("bid", "ask", "mid", "price", "skew_bps", "sigma_bps"),
    *("value", "intrinsic", "fall", "rise", "refused_value"),
)
_INTEGERS = (
    *("id", "seq", "at_ns", "deadline_ns", "since_ns", "expires_ns", "reaction_ns", "started_ns", "last_write_ns"),
    *("min_deadline_ms", "others", "quotes", "block_height", "actionable", "accepted"),
    *("dry", "router_leg", "asked_ns", "min_wait_ms", "max_wait_ms", "protocol_fee_included", "slippage_bps"),
    *("decimals", "underlying_decimals"),
)
_SUMMED = frozenset((*_AMOUNTS, *_INTEGERS))


class Target(Protocol):
    """A store that becomes a copy. Methods raise HistoryError."""

    def start(self, first_run: str) -> None:
        """Create an empty store, or resume the unfinished copy of the history whose first run this is."""
        ...

    def last_id(self, table: str) -> int:
        """Return the highest id copied; 0 without any."""
        ...

    def add(self, table: str, rows: Sequence[tuple[Any, ...]], *, replace: bool = False) -> None:
        """Add rows as one transaction; ``replace``: in place of all that exist."""
        ...

    def reader(self) -> Reader:
        """Read what was copied so far."""
        ...

    def finish(self) -> None:
        """Let the complete copy be used."""
        ...


class Totals(msgspec.Struct, frozen=True):
    """A table's number of rows, and the exact sum of each of its columns of numbers."""

    rows: int
    sums: Mapping[str, Decimal]


def transfer(source: Reader, target: Target, report: Callable[[str, int, int], None]) -> dict[str, Totals]:
    """Copy what the target lacks, verify all of it, finish it, and return each table's totals.

    ``report`` gets each table, its last id copied before, and how many rows were copied. Raises HistoryError: what was
    copied stays, and the same call resumes, unless the two do not belong together.
    """
    every = runs(source)
    if not every:
        raise HistoryError("the history holds no run: there is nothing to copy")
    target.start(every[0].run_id)
    for table, columns in COLUMNS.items():
        key, replace = columns[0], table in REPLACED
        last = 0 if replace else target.last_id(table)
        rows = source.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {key} > ? ORDER BY {key}", last)
        copied = 0
        for step in _steps(rows):
            target.add(table, step, replace=replace and not copied)
            copied += len(step)
        report(table, last, copied)
    found = verify(source, target.reader())
    target.finish()
    return found


def verify(source: Reader, target: Reader) -> dict[str, Totals]:
    """Return each table's totals in both. Raises HistoryError when they differ."""
    found = {}
    for table in COLUMNS:
        there, here = totals(source, table), totals(target, table)
        if there != here:
            names = [name for name in there.sums if there.sums[name] != here.sums[name]]
            raise HistoryError(
                f"the copy differs in {table}: {counted(there.rows, 'row')} in the source, {here.rows} in the copy, "
                f"and the sums of {', '.join(names) or 'no column'}. Remove the unfinished copy and start again"
            )
        found[table] = there
    return found


def totals(reader: Reader, table: str) -> Totals:
    """Count and sum a table row by row, to the last digit."""
    names = [name for name in COLUMNS[table] if name in _SUMMED]
    integers = [0] * len(names)
    decimals = [Decimal(0)] * len(names)
    count = 0
    with localcontext() as context:
        context.prec = 100
        for row in reader.rows(f"SELECT {', '.join(names)} FROM {table}"):
            count += 1
            for place, value in enumerate(row):
                if type(value) is int:
                    integers[place] += value
                elif value is not None:
                    decimals[place] += Decimal(value)
        return Totals(count, {name: integers[at] + decimals[at] for at, name in enumerate(names)})


def _steps(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while step := list(islice(rows, STEP_ROWS)):
        yield step
