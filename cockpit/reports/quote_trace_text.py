"""The quote of one quote as text and JSON. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.desk.market.pricing import Amounts, edge_bps
from cockpit.model.formatting import readable, utc_moment
from cockpit.model.recorded.check_text import check_label, check_text
from storage.reporting.quote_trace import QuoteTrace, TraceRow
from venue.protocol.assets import Unit
from venue.protocol.tokens import TokenTable

_TITLES = {
    "swap_demand_events": "request",
    "trade_decisions": "decision",
    "decision_rules": "rules in force",
    "execute_trade_commands": "signed and sent",
    "trade_execution_results": "result",
    "intent_inventory_snapshots": "inventory",
}
_JSON = {"trade_decisions": ("checks", "view"), "decision_rules": ("limits", "params")}
_HIDDEN = ("run_id", "at_ns", "checks", "view", "nonce", "partner_id", "traceparent")


def as_json(quote: QuoteTrace) -> str:
    """Return one JSON object; columns that hold JSON are decoded."""
    rows = [
        {"at_ns": row.at_ns, "table": row.table, **row.columns, **{name: _decoded(row, name) for name in _json_of(row)}}
        for row in quote.rows
    ]
    trace = {"run_id": quote.run_id, "quote_id": quote.quote_id, "rows": rows}
    return msgspec.json.format(msgspec.json.encode(trace), indent=2).decode()


def as_text(quote: QuoteTrace, tokens: TokenTable) -> str:
    """Return one paragraph a row, with the milliseconds since the request; each risk check on its own line."""
    start_ns = next((row.at_ns for row in quote.rows if row.table == "swap_demand_events"), quote.rows[0].at_ns)
    request = next((row.columns for row in quote.rows if row.table == "swap_demand_events"), {})
    lines = [f"quote {quote.quote_id} of run {quote.run_id}"]
    for row in quote.rows:
        name = _TITLES.get(row.table, row.table)
        if row.table == "trade_execution_results":
            name = str(row.columns["outcome"])
        lines += ["", f"{utc_moment(row.at_ns)}  {(row.at_ns - start_ns) / 1e6:+,.3f} ms  {name}"]
        lines += [f"  {column:16} {text}" for column, text in _fields(row, request, tokens)]
        if row.table == "trade_decisions":
            edge = _edge_bps(row.columns)
            for check, passed, recorded in _decoded(row, "checks") or ():
                text = check_text(check, passed, recorded, edge)
                lines.append(f"    {'ok  ' if passed else 'FAIL'} {check_label(check):17} {text}")
    return "\n".join(lines)


def _json_of(row: TraceRow) -> tuple[str, ...]:
    return _JSON.get(row.table, ())


def _decoded(row: TraceRow, name: str) -> Any:
    text = row.columns[name]
    return msgspec.json.decode(text) if text else None


def _edge_bps(decision: Mapping[str, Any]) -> Decimal | None:
    amounts = [decision[name] for name in ("amount_in", "amount_out", "notional", "edge")]
    if any(value is None for value in amounts):
        return None
    return edge_bps(decision["side"], Amounts(*map(int, amounts)))


def _fields(row: TraceRow, request: Mapping[str, Any], tokens: TokenTable) -> list[tuple[str, str]]:
    found = []
    columns = row.columns
    for column, value in columns.items():
        if column in _HIDDEN or value is None or value == "":
            continue
        unit = _unit_of(column, columns, request, tokens)
        if unit is not None:
            text = f"{readable(unit.to_decimal(int(value)), unit.symbol)} {unit.symbol}"
        elif column.endswith("_ns") and column != "reaction_ns":
            text = utc_moment(value)
        elif column == "reaction_ns":
            text = f"{value / 1000:,.1f} µs"
        elif column in ("asset", "asset_in", "asset_out"):
            named = tokens.get(value)
            text = named.symbol if named else str(value)
        else:
            text = str(value)
        found.append((column, text))
    return found


def _unit_of(column: str, columns: Mapping[str, Any], request: Mapping[str, Any], tokens: TokenTable) -> Unit | None:
    if column in ("notional", "edge"):
        return tokens.quote
    if column in ("balance", "reserved", "spendable"):
        return tokens.get(columns["asset"])
    if column in ("amount_in", "amount_out"):
        name = f"asset_{column.removeprefix('amount_')}"
        return tokens.get(columns.get(name) or request.get(name, ""))
    return None
