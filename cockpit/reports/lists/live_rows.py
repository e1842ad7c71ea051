"""Recorded rows as a live board has them, so that a filter of its lists means the same of them."""

from collections.abc import Sequence
from typing import Any

from cockpit.desk.snapshots.market_rows import journal_row
from cockpit.model.recorded.pages import LiveRow, RecordedList
from cockpit.model.snapshot import DepositRow, WithdrawalRow
from cockpit.reports.rewind.rows import decision_rows, fill_rows, quote_rows
from storage.reader import LATER_NS, Reader, runs
from storage.reporting.rewound import decided_request, operator_action, quote_then
from storage.reporting.trading import fill_record
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS

Recorded = tuple[tuple[Any, ...], tuple[Any, ...]]
"""A row of ``storage.reporting.pages.whole_rows``."""


def live_rows(
    reader: Reader, tokens: TokenTable, name: RecordedList, found: Sequence[Recorded], at_ns: int
) -> list[LiveRow | None]:
    """Return for each row the live one, its age as it is at a moment; None where no live board would have one."""
    whole = [more for _, more in found]
    shown: dict[str, LiveRow]
    if name == "decisions":
        requests = [decided_request(more) for more in whole]
        shown = {row.decision_id: row for row in decision_rows(requests, tokens, at_ns)}
        return [shown.get(one.event.decision_id) for one in requests]
    if name == "quotes":
        # What became of it is what the list shows: all that is recorded by now.
        quotes = [quote_then(reader, more, LATER_NS) for more in whole]
        shown = {row.quote_hash: row for row in quote_rows(quotes, tokens, at_ns)}
        return [shown.get(one.quote_hash) for one in quotes]
    if name == "fills":
        fills = [fill_record(more) for more in whole]
        shown = {row.quote_hash: row for row in fill_rows(reader, runs(reader), fills, tokens, at_ns)}
        return [shown.get(one.quote_hash) for one in fills]
    if name == "journal":
        return [journal_row(operator_action(more), at_ns) for more in whole]
    return [_moved(shown, more, tokens, at_ns) for shown, more in found]


def _moved(row: tuple[Any, ...], more: tuple[Any, ...], tokens: TokenTable, at_ns: int) -> LiveRow | None:
    """Return a step of a deposit or of a withdrawal; None for another action, or one without an amount."""
    recorded_ns, _, _, kind, asset, amount, status, chain, tx_hash, detail = row
    token = None if asset is None else tokens.get(asset)
    if kind not in ("deposit", "withdrawal") or token is None or amount is None:
        return None
    age_ms = max(0, (at_ns - recorded_ns) // NS_PER_MS)
    moved = token.to_decimal(int(amount))
    if kind == "deposit":
        return DepositRow(
            symbol=token.symbol,
            amount=moved,
            status=status,
            chain=chain or "",
            tx_hash=tx_hash or "",
            age_ms=age_ms,
        )
    return WithdrawalRow(
        withdrawal_id=more[1],
        symbol=token.symbol,
        chain=chain or "",
        amount=moved,
        fee=None,
        destination="",
        route="",
        state=status,
        detail=detail,
        age_ms=age_ms,
        near_hash=tx_hash or "",
        destination_hash="",
        ours=True,
        steps=(),
    )
