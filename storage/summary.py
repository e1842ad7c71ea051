"""What one history adds up to: fills, deposits, quotes and rows, read from the file of a desk that has ended."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from storage.rows import TABLES

_FILLS = """
SELECT c.asset_in, c.asset_out, c.amount_in, c.amount_out, d.side
FROM trade_execution_results r
JOIN execute_trade_commands c ON c.command_id = r.command_id
JOIN trade_decisions d ON d.decision_id = c.decision_id
JOIN swap_demand_events s ON s.run_id = d.run_id AND s.quote_id = d.quote_id
WHERE r.outcome = 'settled'
"""
_DEPOSITS = """
SELECT DISTINCT action_id, asset, amount FROM liquidity_actions
WHERE kind = 'deposit' AND status IN ('CREDITED', 'COMPLETED')
"""
_OUTCOMES = """
SELECT outcome, COUNT(*) FROM trade_execution_results r
WHERE outcome <> 'unknown' OR NOT EXISTS (
    SELECT 1 FROM trade_execution_results a
    WHERE a.quote_hash = r.quote_hash AND a.outcome IN ('accepted', 'refused'))
GROUP BY outcome
"""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A history in numbers. ``filled`` and ``deposited``: signed base units by token id, summed exactly.

    A quote that was unknown until a late answer came counts by that answer alone. Fills are counted only where
    settlement, command, decision and demand join. ``reactions_ns`` is sorted.
    """

    rows: Mapping[str, int]
    demands: int
    decisions: int
    reasons: Mapping[str, int]
    outcomes: Mapping[str, int]
    fills: Mapping[str, int]
    filled: Mapping[str, int]
    deposited: Mapping[str, int]
    reactions_ns: tuple[int, ...]


async def summarise(path: Path) -> Summary:
    """Read the history at ``path`` without changing it, in a thread."""
    return await asyncio.to_thread(_summarise, path)


def _summarise(path: Path) -> Summary:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        rows = {table.name: db.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()[0] for table in TABLES}
        fills: Counter[str] = Counter()
        filled: Counter[str] = Counter()
        for asset_in, asset_out, amount_in, amount_out, side in db.execute(_FILLS):
            fills[side] += 1
            filled[asset_in] += int(amount_in)
            filled[asset_out] -= int(amount_out)
        deposited: Counter[str] = Counter()
        for _, asset, amount in db.execute(_DEPOSITS):
            deposited[asset] += int(amount)
        return Summary(
            rows=rows,
            demands=rows["swap_demand_events"],
            decisions=rows["trade_decisions"],
            reasons=_counted(db, "SELECT reason, COUNT(*) FROM trade_decisions GROUP BY reason"),
            outcomes=_counted(db, _OUTCOMES),
            fills=fills,
            filled=filled,
            deposited=deposited,
            reactions_ns=tuple(
                row[0] for row in db.execute("SELECT reaction_ns FROM execute_trade_commands ORDER BY reaction_ns")
            ),
        )


def _counted(db: sqlite3.Connection, query: str) -> dict[str, int]:
    return dict(db.execute(query).fetchall())
