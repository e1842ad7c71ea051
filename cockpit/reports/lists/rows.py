"""Recorded rows as text in columns, by list. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cockpit.model.formatting import NOTHING, exact, number, rounded
from cockpit.model.recorded.names import outcome_name, reason_name, short_names
from cockpit.model.recorded.pages import RecordedList, RecordedRow, Tone
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import EXACT
from venue.protocol.tokens import TokenTable

MOST_LETTERS = 200
"""Of one cell: arguments of a command may be longer."""

_DECIDED = {"quote": "✓", "executor_armed": "◇"}
"""Marks of decisions, as in the panel."""
_TONES: Mapping[str, Tone] = {
    "settled": "good",
    "quote": "good",
    "expired": "muted",
    "burned": "warn",
    "refused": "warn",
    "unknown": "warn",
}


def moment(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M:%S")


def recorded_row(name: RecordedList, row: tuple[Any, ...], tokens: TokenTable) -> RecordedRow:
    """Return a row of ``storage.reporting.pages`` as it is shown."""
    at_ns, row_id, run_id, *columns = row
    cells, tone, quote_id = _ROWS[name](columns, tokens)
    return RecordedRow(
        key=f"{name}-{row_id}",
        at_ns=at_ns,
        cells=(moment(at_ns), *(cell[:MOST_LETTERS] for cell in cells)),
        tone=tone,
        quote=None if quote_id is None else (run_id, quote_id),
    )


Shown = tuple[tuple[str, ...], Tone, str | None]


def _traded(columns: list[Any], tokens: TokenTable) -> tuple[str, str, str, str]:
    """Return side, BTC, EURe and price; of tokens that the table does not know, the ids."""
    asset_in, taken, asset_out, given = columns[:4]
    if tokens.market(asset_in, asset_out) is None:
        return NOTHING, asset_in, asset_out, NOTHING
    moved = tokens.worth(TokenAmounts({asset_in: int(taken), asset_out: -int(given)}))
    btc, eure = tokens.base.to_decimal(abs(moved.base)), tokens.quote.to_decimal(abs(moved.quote))
    price = EXACT.divide(eure, btc) if btc else None
    return ("buy" if moved.base > 0 else "sell"), exact(btc), number(eure, 2), rounded(price, 2, missing=NOTHING)


def _fill(columns: list[Any], tokens: TokenTable) -> Shown:
    quote_id, *amounts, edge, tx_hash = columns
    spread = NOTHING if edge is None else rounded(tokens.quote.to_decimal(int(edge)), 4, signed=True)
    return (*_traded(amounts, tokens), spread, tx_hash or NOTHING), "text", quote_id


def _quote(columns: list[Any], tokens: TokenTable) -> Shown:
    quote_id, *amounts, deadline_ns, outcome = columns
    until = moment(deadline_ns)[11:]
    return (
        (*_traded(amounts, tokens), until, outcome_name(outcome) if outcome else "no answer"),
        _TONES.get(outcome or "unknown", "text"),
        quote_id,
    )


def _decision(columns: list[Any], tokens: TokenTable) -> Shown:
    quote_id, side, notional, price, edge, reason, partner = columns
    units = None if notional is None else int(notional)
    bps = EXACT.divide(Decimal(int(edge) * 10_000), Decimal(units)) if edge is not None and units else None
    cells = (
        side,
        NOTHING if units is None else number(tokens.quote.to_decimal(units), 2),
        NOTHING if price is None else rounded(Decimal(price), 2),
        rounded(bps, 1, missing=NOTHING),
        f"{_DECIDED.get(reason, '·')} {reason_name(reason)}",
        partner or NOTHING,
    )
    return cells, _TONES.get(reason, "text"), quote_id


def _funds(columns: list[Any], tokens: TokenTable) -> Shown:
    kind, asset, amount, status, chain, tx_hash, detail = columns
    token = None if asset is None else tokens.get(asset)
    shown = NOTHING if amount is None else exact(token.to_decimal(int(amount))) if token else str(amount)
    symbol = token.symbol if token else asset or NOTHING
    return (kind, shown, symbol, status, tx_hash or detail or chain or NOTHING), "text", None


def _journal(columns: list[Any], tokens: TokenTable) -> Shown:
    actor, command, accepted, reason, arguments = columns
    outcome = "✓" if accepted else "✗"
    return (
        (actor, short_names(command), f"{outcome} {short_names(reason)}".rstrip(), arguments),
        "text" if accepted else "bad",
        None,
    )


_ROWS: Mapping[RecordedList, Callable[[list[Any], TokenTable], Shown]] = {
    "fills": _fill,
    "quotes": _quote,
    "decisions": _decision,
    "funds": _funds,
    "journal": _journal,
}
