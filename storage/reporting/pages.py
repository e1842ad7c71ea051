"""Pages of the recorded lists, from the newest row back; each is found by an index, however long the history is."""

from collections.abc import Iterator
from typing import Any

from cockpit.model.recorded.pages import Cursor, RecordedList
from storage.reader import LATER_NS, Reader, Span

NEWEST_ID = 2**62

_WHERE = "{t}.at_ns >= ? AND {t}.at_ns <= ? AND ({t}.at_ns < ? OR {t}.id < ?)"
_ORDER = "ORDER BY {t}.at_ns DESC, {t}.id DESC LIMIT ?"
_AMOUNTS = "c.asset_in, c.amount_in, c.asset_out, c.amount_out"
_PAGES: dict[RecordedList, tuple[str, str]] = {
    "fills": (
        "r",
        f"SELECT r.at_ns, r.id, c.run_id, c.quote_id, {_AMOUNTS}, d.edge, r.tx_hash FROM trade_execution_results r "
        "JOIN execute_trade_commands c ON c.quote_hash = r.quote_hash "
        "LEFT JOIN trade_decisions d ON d.decision_id = c.decision_id WHERE r.outcome = 'settled' AND ",
    ),
    "quotes": (
        "c",
        f"SELECT c.at_ns, c.id, c.run_id, c.quote_id, {_AMOUNTS}, c.deadline_ns, "
        "(SELECT r.outcome FROM trade_execution_results r WHERE r.quote_hash = c.quote_hash "
        "AND r.at_ns <= ? ORDER BY r.at_ns DESC, r.id DESC LIMIT 1) FROM execute_trade_commands c WHERE ",
    ),
    # By its request: decisions have no index of time alone.
    "decisions": (
        "s",
        "SELECT s.at_ns, s.id, s.run_id, s.quote_id, d.side, d.notional, d.price, d.edge, d.reason, s.partner_id "
        "FROM swap_demand_events s JOIN trade_decisions d ON d.run_id = s.run_id AND d.quote_id = s.quote_id WHERE ",
    ),
    "funds": (
        "l",
        "SELECT l.at_ns, l.id, l.run_id, l.kind, l.asset, l.amount, l.status, l.chain, l.tx_hash, l.detail "
        "FROM liquidity_actions l WHERE l.kind <> 'booking' AND ",
    ),
    "journal": (
        "o",
        "SELECT o.at_ns, o.id, o.run_id, o.actor, o.command, o.accepted, o.reason, o.arguments "
        "FROM operator_actions o WHERE ",
    ),
}
_SQL = {name: f"{select}{_WHERE.format(t=table)} {_ORDER.format(t=table)}" for name, (table, select) in _PAGES.items()}


def recorded_rows(
    reader: Reader, name: RecordedList, span: Span, before: Cursor | None, most: int, known_ns: int = LATER_NS
) -> Iterator[tuple[Any, ...]]:
    """Yield at most so many rows of the span that are older than the cursor: time, id, run and the list's columns.

    ``known_ns``: what became of a quote after that is left out.
    """
    start = before or Cursor(span.to_ns - 1, NEWEST_ID)
    known = (known_ns,) if name == "quotes" else ()
    yield from reader.rows(_SQL[name], *known, span.from_ns, start.at_ns, start.at_ns, start.row_id, most)
