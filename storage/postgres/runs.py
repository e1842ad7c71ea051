"""Who wrote a PostgreSQL history before: the stamp of mode and account, and how the former run ended."""

from typing import Any

import msgspec

from storage.history import HistoryError, PreviousRun, Run
from storage.postgres.address import DatabaseAddress
from storage.runs import LONGEST_LIFE_NS
from storage.transfer.transfer import MARK

_BEGIN = (
    "INSERT INTO runs (run_id, mode, account, started_ns, last_write_ns, journal, away_ns) "
    "VALUES ($1, $2, $3, $4, $4, $5, $6)"
)
_LONGEST_ALLOWED = """
SELECT MAX(substring(a.arguments FROM '"max_deadline_ms": *([0-9]{1,12})')::bigint)
FROM operator_actions a JOIN runs r ON r.run_id = a.run_id
WHERE a.accepted = 1 AND r.last_write_ns >= $1
"""
"""The widest limit on a quote's life that was put in force by the last run and by those that wrote within the hour."""

_BROKEN = """
SELECT MAX(last_write_ns + CASE WHEN journal = $2 THEN 0 ELSE away_ns END)
FROM runs WHERE ended_ns IS NULL AND last_write_ns + away_ns > $1
"""


class RunStart(msgspec.Struct, frozen=True):
    """A run that begins; ``journal`` names the one on its own disk, ``away_ns`` how long it may trade on that alone."""

    run: Run
    journal: str
    away_ns: int


async def begin_run(db: Any, where: DatabaseAddress, beginning: RunStart) -> PreviousRun | None:
    """Record the run's begin and tell how the one before it ended (None: there was none).

    A run that broke off elsewhere may have traded on its journal for ``away_ns`` after its last write here: it is dated
    by that. The journal of this desk's own disk was read before, so its runs are dated exactly.
    Raises HistoryError when the history is of another mode or account.
    """
    run = beginning.run
    async with db.transaction():
        if await db.fetchval("SELECT to_regclass($1)", MARK) is not None:
            raise HistoryError(f"{where} is not the whole copy of a history yet: give the same export or import again")
        await _check_stamp(db, where, run)
        former = await _former(db, run.started_ns, beginning.journal)
        await db.execute(
            _BEGIN, run.run_id, run.mode, run.account, run.started_ns, beginning.journal, beginning.away_ns
        )
    return former


async def _check_stamp(db: Any, where: DatabaseAddress, run: Run) -> None:
    first = await db.fetchrow("SELECT mode, account FROM runs ORDER BY seq LIMIT 1")
    if first is not None and (first[0], first[1]) != (run.mode, run.account):
        raise HistoryError(
            f"the history {where} belongs to {first[0]} {first[1]}, this desk is {run.mode} {run.account}: "
            "point POSTGRES_URL to another database"
        )


async def _former(db: Any, now_ns: int, journal: str) -> PreviousRun | None:
    """The last run; unclean as well when a run before it broke off whose quotes could still be alive.

    A desk that is started and stopped in order while such quotes live must not hide them from the next one.
    """
    last = await db.fetchrow(
        "SELECT run_id, last_write_ns, ended_ns, journal, away_ns FROM runs ORDER BY seq DESC LIMIT 1"
    )
    if last is None:
        return None
    run_id, last_write_ns, ended_ns, its_journal, away_ns = last
    dead_ns = await db.fetchval("SELECT COALESCE(MAX(deadline_ns), 0) FROM execute_trade_commands")
    broken_ns = await db.fetchval(_BROKEN, now_ns - LONGEST_LIFE_NS, journal)
    max_deadline_ms = await db.fetchval(_LONGEST_ALLOWED, min(last_write_ns, now_ns - LONGEST_LIFE_NS))
    clean = ended_ns is not None and broken_ns is None
    if not clean:
        own = last_write_ns if its_journal == journal or ended_ns is not None else last_write_ns + away_ns
        last_write_ns = own if broken_ns is None else broken_ns
    return PreviousRun(
        run_id=run_id, clean=clean, dead_ns=dead_ns, last_write_ns=last_write_ns, max_deadline_ms=max_deadline_ms
    )
