"""The start of a run in a PostgreSQL history, and how the run before it ended."""

from typing import Any

import msgspec

from storage.errors import HistoryError
from storage.history import PreviousRun, Run
from storage.messages import ANOTHER_DATABASE
from storage.postgres.address import DatabaseAddress
from storage.runs import (
    ASSET_COLUMNS,
    LAST_DEADLINE,
    LONGEST_LIFE_NS,
    STAMP,
    UNFINISHED_COPY,
    RunEnd,
    check_stamp,
    previous_run,
    upsert_asset,
)

_START = (
    "INSERT INTO runs (run_id, mode, account, started_ns, last_write_ns, journal, away_ns) "
    "VALUES ($1, $2, $3, $4, $4, $5, $6)"
)
_ASSET = upsert_asset("$")
_LONGEST_ALLOWED = """
SELECT MAX(substring(a.arguments FROM '"max_deadline_ms": *([0-9]{1,12})')::bigint)
FROM operator_actions a JOIN runs r ON r.run_id = a.run_id
WHERE a.accepted = 1 AND r.last_write_ns >= $1
"""
"""The widest limit on a quote's life that was put in force by the last run and by those that wrote within the hour."""

_LAST = "SELECT run_id, last_write_ns, ended_ns, journal, away_ns FROM runs ORDER BY seq DESC LIMIT 1"
_BROKEN_OFF = """
SELECT MAX(last_write_ns + CASE WHEN journal = $2 THEN 0 ELSE away_ns END)
FROM runs WHERE ended_ns IS NULL AND last_write_ns + away_ns > $1
"""


class RunStart(msgspec.Struct, frozen=True, kw_only=True):
    """A run that starts; ``journal`` names the one on its own disk, ``away_ns`` how long it may trade on that alone."""

    run: Run
    journal: str
    away_ns: int


async def start_run(db: Any, where: DatabaseAddress, start: RunStart) -> PreviousRun | None:
    """Record the run's start and return how the one before it ended; None when there was none.

    A run that broke off elsewhere may have traded on its journal for ``away_ns`` after its last write here: it is dated
    by that. The journal of this desk's own disk was read before, so its runs are dated exactly.
    Raises HistoryError when the history belongs to another mode or account, or is an unfinished copy.
    """
    run = start.run
    async with db.transaction():
        if await db.fetchval("SELECT to_regclass($1)", UNFINISHED_COPY) is not None:
            raise HistoryError(f"{where} is an unfinished copy of a history: repeat the same export or import")
        first = await db.fetchrow(STAMP)
        stamp = None if first is None else (first[0], first[1])
        check_stamp(run, stamp, where=where, otherwise=ANOTHER_DATABASE)
        previous = await _previous(db, run.started_ns, start.journal)
        await db.execute(_START, run.run_id, run.mode, run.account, run.started_ns, start.journal, start.away_ns)
        for asset in run.assets:
            await db.execute(_ASSET, *(getattr(asset, name) for name in ASSET_COLUMNS))
    return previous


async def _previous(db: Any, now_ns: int, journal: str) -> PreviousRun | None:
    last = await db.fetchrow(_LAST)
    if last is None:
        return None
    run_id, last_write_ns, ended_ns, its_journal, away_ns = last
    hour_ago_ns = now_ns - LONGEST_LIFE_NS
    dated_exactly = its_journal == journal or ended_ns is not None
    return previous_run(
        RunEnd(
            run_id=run_id,
            last_write_ns=last_write_ns if dated_exactly else last_write_ns + away_ns,
            ended_ns=ended_ns,
            broken_off_ns=await db.fetchval(_BROKEN_OFF, hour_ago_ns, journal),
            last_deadline_ns=await db.fetchval(LAST_DEADLINE),
            max_deadline_ms=await db.fetchval(_LONGEST_ALLOWED, min(last_write_ns, hour_ago_ns)),
        )
    )
