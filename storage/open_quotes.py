"""The quotes that may still settle, page by page: after a crash tens of thousands of them are live.

A page is one value of JSON. The database makes it and msgspec reads it, so that a row costs neither of the threads a
turn of the interpreter, and the database makes a page while the one before is taken over.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from cockpit.model.events import ExecuteTrade, RequestKind
from storage.errors import HistoryError
from storage.history import FINAL_OUTCOMES, RecordedQuote

PAGE = 1_000
"""Quotes read at a time."""

LATEST_READING = (
    f"SELECT over_before_ns FROM intent_inventory_snapshots WHERE id <= {2**63 - 1} ORDER BY id DESC LIMIT 1"
)
"""By what deadline quotes were over at the newest reading, where it tells."""

NOT_OVER_BY = (
    "SELECT json_group_array(wanted.id) FROM "
    "(SELECT c.id FROM execute_trade_commands c WHERE c.deadline_ns >= ? ORDER BY +c.id) wanted"
)
"""The quotes that were not over by the newest reading, and those signed later. The plus keeps SQLite from reading every
command ever sent for the sake of the order."""

NEVER_OVER = (
    "SELECT json_group_array(wanted.id) FROM (SELECT c.id FROM execute_trade_commands c "
    "WHERE c.at_ns >= ? AND (c.deadline_ns >= ? OR NOT EXISTS (SELECT 1 FROM trade_execution_results f "
    "WHERE f.quote_hash = c.quote_hash AND f.outcome = 'refused')) "
    "AND NOT EXISTS (SELECT 1 FROM trade_execution_results e WHERE e.quote_hash = c.quote_hash AND e.outcome IN ("
    + ", ".join(f"'{outcome}'" for outcome in FINAL_OUTCOMES)
    + ")) ORDER BY +c.id) wanted"
)
"""The same in the history of a version that did not record when quotes were over."""


class _Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A quote as a page has it, in the order of ``_COLUMNS``."""

    id: int
    at_ns: int
    command_id: str
    decision_id: str
    quote_id: str
    quote_hash: str
    nonce: str
    deadline_ns: int
    asset_in: str
    asset_out: str
    amount_in: str
    amount_out: str
    reaction_ns: int
    request_kind: RequestKind
    written: str | None
    edge: str | None
    outcomes: str | None


_AS_TEXT = ("amount_in", "amount_out", "written")
_COLUMNS = ", ".join(
    f"CAST(c.{name} AS TEXT)" if name in _AS_TEXT else f"c.{name}" for name in _Row.__struct_fields__[:-2]
)
QUOTES = (
    f"SELECT json_group_array(json_array({_COLUMNS}, "
    "(SELECT CAST(d.edge AS TEXT) FROM trade_decisions d WHERE d.decision_id = c.decision_id), "
    "(SELECT group_concat(o.outcome) FROM trade_execution_results o WHERE o.quote_hash = c.quote_hash))) "
    "FROM execute_trade_commands c WHERE c.id IN (SELECT t.value FROM json_each(?) t)"
)
"""The quotes of a page, which is a JSON array of ids."""

_ids = msgspec.json.Decoder(list[int])
_rows = msgspec.json.Decoder(list[_Row])
_FINAL = frozenset(FINAL_OUTCOMES)


def cut(found: Sequence[tuple[Any, ...]]) -> list[str]:
    """Cut what ``NOT_OVER_BY`` or ``NEVER_OVER`` returned into pages for ``QUOTES``. Raises HistoryError."""
    ids = _decoded(_ids, found)
    return [str(ids[first : first + PAGE]) for first in range(0, len(ids), PAGE)]


def read_page(page: str, found: Sequence[tuple[Any, ...]]) -> tuple[RecordedQuote, ...]:
    """Read what ``QUOTES`` returned for the page, in the order of signing, without quotes that are over after all.

    Raises HistoryError unless it is every quote of the page: one that is left out would reserve nothing.
    """
    rows: list[_Row] = sorted(_decoded(_rows, found), key=lambda row: row.id)
    wanted = _ids.decode(page)
    if [row.id for row in rows] != wanted:
        raise HistoryError(f"the history returned {len(rows)} of {len(wanted)} quotes that may still settle")
    return tuple(_read(rows))


def _read(rows: Sequence[_Row]) -> Iterator[RecordedQuote]:
    for row in rows:
        outcomes = tuple(row.outcomes.split(",")) if row.outcomes else ()
        if not _FINAL.isdisjoint(outcomes):
            continue
        yield RecordedQuote(
            command=ExecuteTrade(
                at_ns=row.at_ns,
                command_id=row.command_id,
                decision_id=row.decision_id,
                quote_id=row.quote_id,
                quote_hash=row.quote_hash,
                nonce=row.nonce,
                deadline_ns=row.deadline_ns,
                asset_in=row.asset_in,
                asset_out=row.asset_out,
                amount_in=int(row.amount_in),
                amount_out=int(row.amount_out),
                reaction_ns=row.reaction_ns,
                request_kind=row.request_kind,
                written=None if row.written is None else int(row.written),
            ),
            edge=None if row.edge is None else int(row.edge),
            outcomes=outcomes,
        )


def _decoded(decoder: msgspec.json.Decoder[Any], found: Sequence[tuple[Any, ...]]) -> Any:
    [[text]] = found
    try:
        # PostgreSQL makes NULL of no rows.
        return [] if text is None else decoder.decode(text)
    except msgspec.DecodeError as error:
        raise HistoryError(f"the quotes that may still settle cannot be read: {error}") from None
