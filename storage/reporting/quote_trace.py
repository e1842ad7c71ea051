"""Everything the history holds about one quote, found by its id, its hash or its transaction."""

from collections.abc import Iterator
from typing import Any

import msgspec

from storage.errors import HistoryError
from storage.reader import Reader, runs
from storage.rows import TABLES

AROUND = "intent_inventory_snapshots"
"""Its rows name no quote: the last ones before the request and the first ones after each final outcome are shown."""

_COLUMNS = {table.name: table.columns for table in TABLES}
_REQUESTED = "SELECT quote_id FROM swap_demand_events WHERE run_id = ? AND quote_id >= ? AND quote_id <= ? LIMIT 6"
_END = "\U0010ffff"


class TraceRow(msgspec.Struct, frozen=True):
    """One row: the table it is in, when it happened (UTC ns), and its columns by name."""

    at_ns: int
    table: str
    columns: dict[str, Any]


class QuoteTrace(msgspec.Struct, frozen=True):
    """One request in one run and all that followed, in the order of time."""

    run_id: str
    quote_id: str
    rows: tuple[TraceRow, ...]


def find_quote(reader: Reader, name: str) -> tuple[str, str]:
    """Return run and quote id of the quote with this id, hash or transaction, or unique prefix of one.

    Raises HistoryError when none has it, or several.
    """
    if not name:
        raise HistoryError("the name is empty: give a quote id, a quote hash or a transaction, or the start of one")
    found = set(_found(reader, name))
    if len(found) == 1:
        return found.pop()
    if not found:
        raise HistoryError(f"no quote id, quote hash or transaction starts with {name}")
    some = ", ".join(sorted({quote_id for _, quote_id in found})[:5])
    raise HistoryError(f"several quotes start with {name}, such as {some}: give more of it")


def _found(reader: Reader, name: str) -> Iterator[tuple[str, str]]:
    # A few of the matching quotes; exact matches alone when there are any.
    for last in (name, name + _END):
        found: list[tuple[str, str]] = []
        for run in runs(reader):
            ids = _column(reader, _REQUESTED, run.run_id, name, last)
            found.extend((run.run_id, quote_id) for quote_id in ids)
        for sql in (
            "SELECT run_id, quote_id FROM execute_trade_commands WHERE quote_hash >= ? AND quote_hash <= ? LIMIT 6",
            "SELECT c.run_id, c.quote_id FROM trade_execution_results r JOIN execute_trade_commands c"
            " ON c.quote_hash = r.quote_hash WHERE r.tx_hash IS NOT NULL AND r.tx_hash >= ? AND r.tx_hash <= ? LIMIT 6",
        ):
            found.extend((run_id, quote_id) for run_id, quote_id in reader.rows(sql, name, last))
        if found:
            yield from found
            return


def trace_quote(reader: Reader, run_id: str, quote_id: str) -> QuoteTrace:
    """Return every row of the quote in the order of time, and the balances before and after it."""
    rows = [
        *_rows(reader, "swap_demand_events", "run_id = ? AND quote_id = ?", run_id, quote_id),
        *_rows(reader, "trade_decisions", "run_id = ? AND quote_id = ?", run_id, quote_id),
    ]
    for decision in [row for row in rows if row.table == "trade_decisions"]:
        decision_id = decision.columns["decision_id"]
        rows += _rows(reader, "execute_trade_commands", "decision_id = ?", decision_id)
        rows += _rows(reader, "decision_rules", "rules_id = ?", decision.columns["rules_id"])
    for command in [row for row in rows if row.table == "execute_trade_commands"]:
        rows += _rows(reader, "trade_execution_results", "quote_hash = ?", command.columns["quote_hash"])
    requested = [row.at_ns for row in rows if row.table == "swap_demand_events"]
    around: dict[tuple[Any, ...], TraceRow] = {}
    for at_ns in requested:
        for row in _around(reader, "at_ns <= ?", "DESC", at_ns):
            around[_key(row)] = row
    for result in [row for row in rows if row.columns.get("outcome") in ("settled", "expired", "burned")]:
        for row in _around(reader, "at_ns >= ?", "ASC", result.at_ns):
            around[_key(row)] = row
    order = {table.name: place for place, table in enumerate(TABLES)}
    return QuoteTrace(
        run_id, quote_id, tuple(sorted([*rows, *around.values()], key=lambda row: (row.at_ns, order[row.table])))
    )


def _key(row: TraceRow) -> tuple[Any, ...]:
    return row.at_ns, row.columns["asset"], row.columns["cause"]


def _around(reader: Reader, where: str, direction: str, at_ns: int) -> list[TraceRow]:
    # The rows of one reading of the balances: the one nearest to a time on one side of it.
    nearest = _column(reader, f"SELECT at_ns FROM {AROUND} WHERE {where} ORDER BY at_ns {direction} LIMIT 1", at_ns)
    return [row for found in nearest for row in _rows(reader, AROUND, "at_ns = ?", found)]


def _rows(reader: Reader, table: str, where: str, *values: object) -> list[TraceRow]:
    columns = _COLUMNS[table]
    sql = f"SELECT {', '.join(columns)} FROM {table} WHERE {where} ORDER BY at_ns, id"
    return [
        TraceRow(named["at_ns"], table, named)
        for row in reader.rows(sql, *values)
        for named in [dict(zip(columns, row, strict=True))]
    ]


def _column(reader: Reader, sql: str, *values: object) -> list[Any]:
    return [row[0] for row in reader.rows(sql, *values)]
