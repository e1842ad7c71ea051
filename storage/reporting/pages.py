"""Pages of the recorded lists, from the newest row back; each is found by an index, however long the history is."""

from collections.abc import Iterator
from typing import Any

from cockpit.model.recorded.pages import NEWEST_ID, Cursor, RecordedList
from storage.reader import LATER_NS, Reader, Span
from storage.reporting.rewound import ACTION_COLUMNS, DECISION_COLUMNS, QUOTE_COLUMNS
from storage.reporting.trading import FILL_COLUMNS

_WHERE = "{t}.at_ns >= ? AND {t}.at_ns <= ? AND ({t}.at_ns < ? OR {t}.id < ?)"
_ORDER = "ORDER BY {t}.at_ns DESC, {t}.id DESC LIMIT ?"
_AMOUNTS = "c.asset_in, c.amount_in, c.asset_out, c.amount_out"
_PAGES: dict[RecordedList, tuple[str, str, str]] = {
    "fills": (
        "r",
        f"r.at_ns, r.id, c.run_id, c.quote_id, {_AMOUNTS}, d.edge, r.tx_hash",
        "trade_execution_results r "
        "JOIN execute_trade_commands c ON c.quote_hash = r.quote_hash "
        "LEFT JOIN trade_decisions d ON d.decision_id = c.decision_id {more}WHERE r.outcome = 'settled' AND ",
    ),
    "quotes": (
        "c",
        f"c.at_ns, c.id, c.run_id, c.quote_id, {_AMOUNTS}, c.deadline_ns, "
        "(SELECT r.outcome FROM trade_execution_results r WHERE r.quote_hash = c.quote_hash "
        "AND r.at_ns <= ? ORDER BY r.at_ns DESC, r.id DESC LIMIT 1)",
        "execute_trade_commands c {more}WHERE ",
    ),
    # By its request: decisions have no index of time alone.
    "decisions": (
        "s",
        "s.at_ns, s.id, s.run_id, s.quote_id, d.side, d.notional, d.price, d.edge, d.reason, s.partner_id",
        "swap_demand_events s JOIN trade_decisions d ON d.run_id = s.run_id AND d.quote_id = s.quote_id {more}WHERE ",
    ),
    "funds": (
        "l",
        "l.at_ns, l.id, l.run_id, l.kind, l.asset, l.amount, l.status, l.chain, l.tx_hash, l.detail",
        "liquidity_actions l {more}WHERE l.kind <> 'booking' AND ",
    ),
    "journal": (
        "o",
        "o.at_ns, o.id, o.run_id, o.actor, o.command, o.accepted, o.reason, o.arguments",
        "operator_actions o {more}WHERE ",
    ),
}
_WHOLE: dict[RecordedList, tuple[str, str]] = {
    "fills": (
        FILL_COLUMNS,
        "LEFT JOIN swap_demand_events s ON s.run_id = c.run_id AND s.quote_id = c.quote_id ",
    ),
    "quotes": (QUOTE_COLUMNS, ""),
    "decisions": (DECISION_COLUMNS, ""),
    "funds": ("l.at_ns, l.action_id", ""),
    "journal": (ACTION_COLUMNS, ""),
}
"""What else is read where a row is to be as a live board shows it: columns, and the table that they need."""
WIDTHS: dict[RecordedList, int] = {"fills": 10, "quotes": 10, "decisions": 10, "funds": 10, "journal": 8}
"""How many columns a row of each list has before those."""


def _sql(name: RecordedList, columns: str = "", joined: str = "") -> str:
    table, shown, tables = _PAGES[name]
    select = f"SELECT {shown}, {columns}" if columns else f"SELECT {shown}"
    return f"{select} FROM {tables.format(more=joined)}{_WHERE.format(t=table)} {_ORDER.format(t=table)}"


_SQL = {name: _sql(name) for name in _PAGES}
_SQL_WHOLE = {name: _sql(name, *_WHOLE[name]) for name in _PAGES}


def recorded_rows(
    reader: Reader, name: RecordedList, span: Span, before: Cursor | None, most: int, known_ns: int = LATER_NS
) -> Iterator[tuple[Any, ...]]:
    """Yield at most so many rows of the span that are older than the cursor: time, id, run and the list's columns.

    ``known_ns``: what became of a quote after that is left out.
    """
    yield from _rows(_SQL[name], reader, name, span, before, most, known_ns)


def whole_rows(
    reader: Reader, name: RecordedList, span: Span, before: Cursor | None, most: int
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Yield such rows, each with all that is recorded of what a live board shows of it."""
    width = WIDTHS[name]
    for row in _rows(_SQL_WHOLE[name], reader, name, span, before, most, LATER_NS):
        yield row[:width], row[width:]


def _rows(
    sql: str, reader: Reader, name: RecordedList, span: Span, before: Cursor | None, most: int, known_ns: int
) -> Iterator[tuple[Any, ...]]:
    start = before or Cursor(span.to_ns - 1, NEWEST_ID)
    known = (known_ns,) if name == "quotes" else ()
    # A cursor may be of a later moment than the span.
    newest_ns = min(start.at_ns, span.to_ns - 1)
    yield from reader.rows(sql, *known, span.from_ns, newest_ns, start.at_ns, start.row_id, most)
