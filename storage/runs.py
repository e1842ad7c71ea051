"""Who wrote the history before: the stamp of mode and account, and how the former run ended."""

from pathlib import Path

import aiosqlite

from storage.history import HistoryError, PreviousRun, Run

LONGEST_LIFE_NS = 3_600 * 10**9
"""No signed quote lives longer: the top of the range of ``Limits.max_deadline_ms``."""

_LONGEST_ALLOWED = """
SELECT MAX(CAST(json_extract(a.arguments, '$.max_deadline_ms') AS INTEGER))
FROM operator_actions a JOIN runs r ON r.run_id = a.run_id
WHERE a.accepted = 1 AND r.last_write_ns >= ?
"""
"""The widest limit on a quote's life that was put in force by the last run and by those that wrote within the hour."""


async def begin_run(db: aiosqlite.Connection, path: Path, run: Run) -> PreviousRun | None:
    """Record the run's begin and tell how the one before it ended (None: there was none).

    Raises HistoryError when the history is of another mode or account.
    """
    try:
        await db.execute("BEGIN IMMEDIATE")
        await _check_stamp(db, path, run)
        former = await _former(db, run.started_ns)
        await db.execute(
            "INSERT INTO runs (run_id, mode, account, started_ns, last_write_ns) VALUES (?, ?, ?, ?, ?)",
            (run.run_id, run.mode, run.account, run.started_ns, run.started_ns),
        )
        await db.commit()
    except BaseException:
        await db.rollback()
        raise
    return former


async def _check_stamp(db: aiosqlite.Connection, path: Path, run: Run) -> None:
    for mode, account in await db.execute_fetchall("SELECT mode, account FROM runs ORDER BY seq LIMIT 1"):
        if (mode, account) != (run.mode, run.account):
            raise HistoryError(
                f"the history {path} belongs to {mode} {account}, this desk is {run.mode} {run.account}: "
                "point COCKPIT_STATE_DIR to another directory"
            )


async def _former(db: aiosqlite.Connection, now_ns: int) -> PreviousRun | None:
    """The last run; unclean as well when a run before it broke off whose quotes could still be alive.

    A desk that is started and stopped in order while such quotes live must not hide them from the next one.
    """
    last = [*await db.execute_fetchall("SELECT run_id, last_write_ns, ended_ns FROM runs ORDER BY seq DESC LIMIT 1")]
    if not last:
        return None
    run_id, last_write_ns, ended_ns = last[0]
    [(dead_ns,)] = await db.execute_fetchall("SELECT COALESCE(MAX(deadline_ns), 0) FROM execute_trade_commands")
    [(broken_ns,)] = await db.execute_fetchall(
        "SELECT MAX(last_write_ns) FROM runs WHERE ended_ns IS NULL AND last_write_ns > ?", (now_ns - LONGEST_LIFE_NS,)
    )
    [(max_deadline_ms,)] = await db.execute_fetchall(_LONGEST_ALLOWED, (min(last_write_ns, now_ns - LONGEST_LIFE_NS),))
    clean = ended_ns is not None and broken_ns is None
    if not clean and broken_ns is not None:
        last_write_ns = broken_ns
    return PreviousRun(
        run_id=run_id, clean=clean, dead_ns=dead_ns, last_write_ns=last_write_ns, max_deadline_ms=max_deadline_ms
    )
