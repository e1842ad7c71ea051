"""The start of a run in a SQLite history, and how the run before it ended."""

from pathlib import Path
from typing import Any

import aiosqlite

from storage.history import PreviousRun, Run
from storage.messages import ANOTHER_DIRECTORY
from storage.runs import (
    ASSET_COLUMNS,
    LAST_DEADLINE,
    LONGEST_LIFE_NS,
    STAMP,
    RunEnd,
    check_stamp,
    previous_run,
    upsert_asset,
)

LONGEST_ALLOWED = """
SELECT MAX(CAST(json_extract(a.arguments, '$.max_deadline_ms') AS INTEGER))
FROM operator_actions a JOIN runs r ON r.run_id = a.run_id
WHERE a.accepted = 1 AND r.last_write_ns >= ?
"""
"""The widest limit on a quote's life that was put in force by the last run and by those that wrote within the hour."""

_LAST = "SELECT run_id, last_write_ns, ended_ns FROM runs ORDER BY seq DESC LIMIT 1"
_BROKEN_OFF = "SELECT MAX(last_write_ns) FROM runs WHERE ended_ns IS NULL AND last_write_ns > ?"
_ASSET = upsert_asset("?")
_START = "INSERT INTO runs (run_id, mode, account, started_ns, last_write_ns) VALUES (?, ?, ?, ?, ?)"


async def start_run(db: aiosqlite.Connection, path: Path, run: Run) -> PreviousRun | None:
    """Record the run's start and return how the one before it ended; None when there was none.

    Raises HistoryError when the history belongs to another mode or account.
    """
    try:
        await db.execute("BEGIN IMMEDIATE")
        stamp = await _first(db, STAMP)
        check_stamp(run, stamp, where=path, otherwise=ANOTHER_DIRECTORY)
        previous = await _previous(db, run.started_ns)
        await db.execute(_START, (run.run_id, run.mode, run.account, run.started_ns, run.started_ns))
        for asset in run.assets:
            await db.execute(_ASSET, tuple(getattr(asset, name) for name in ASSET_COLUMNS))
        await db.commit()
    except BaseException:
        await db.rollback()
        raise
    return previous


async def _previous(db: aiosqlite.Connection, now_ns: int) -> PreviousRun | None:
    last = await _first(db, _LAST)
    if last is None:
        return None
    run_id, last_write_ns, ended_ns = last
    hour_ago_ns = now_ns - LONGEST_LIFE_NS
    return previous_run(
        RunEnd(
            run_id=run_id,
            last_write_ns=last_write_ns,
            ended_ns=ended_ns,
            broken_off_ns=await _value(db, _BROKEN_OFF, hour_ago_ns),
            last_deadline_ns=await _value(db, LAST_DEADLINE),
            max_deadline_ms=await _value(db, LONGEST_ALLOWED, min(last_write_ns, hour_ago_ns)),
        )
    )


async def _first(db: aiosqlite.Connection, sql: str, *values: object) -> tuple[Any, ...] | None:
    rows = [*await db.execute_fetchall(sql, values)]
    return tuple(rows[0]) if rows else None


async def _value(db: aiosqlite.Connection, sql: str, *values: object) -> Any:
    row = await _first(db, sql, *values)
    return None if row is None else row[0]
