"""The history in PostgreSQL, with a journal on the desk's disk for the time in which the database is away.

A batch is in the database or in the journal before ``write`` returns, so it outlives the desk either way. While
anything is in the journal every new event goes behind it, so that the database gets all of them in order. A batch whose
commit was not confirmed is written again, and the unique keys leave one row of each fact.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent
from cockpit.model.formatting import counted
from storage import queries
from storage.errors import HistoryError
from storage.history import HEALTHY, HistoryHealth, PreviousRun, Run
from storage.journal import Journal, JournalEntry
from storage.messages import already_open, not_open
from storage.postgres.backlog import ANSWER_S
from storage.postgres.catalogue import make_catalogue
from storage.postgres.connection import PostgresConnection
from storage.postgres.errors import FAULTS, explain
from storage.postgres.migrations import SCHEMA, migrate
from storage.postgres.runs import RunStart, start_run
from storage.postgres.uplink import LOCK_S, Uplink
from storage.reads import HistoryReads
from storage.retention import PruneProgress
from storage.set_aside import SUFFIX, SetAside
from storage.threads import in_thread
from venue.protocol.units import NS_PER_MS, NS_PER_S

log = logging.getLogger(__name__)

WRITE_S = 1.5
"""A write that takes longer goes to the journal instead, before the writer calls it stalled."""

CLOSE_S = 3.0
"""How long the end of a desk waits for a database that is away."""

_REAL = Environment()


class PostgresHistory(HistoryReads):
    """The History at ``url``; ``journal`` is the file for the time without it.

    The desk may trade on the journal alone for ``away_ms``; then ``health`` forbids it until the database is back.
    """

    def __init__(
        self,
        url: str,
        journal: Journal,
        *,
        away_ms: int = 300_000,
        connect_s: float = 5.0,
        write_s: float = WRITE_S,
        schema: Path = SCHEMA,
        env: Environment = _REAL,
    ) -> None:
        self._set_aside = SetAside(journal.path.with_name(journal.path.name + SUFFIX))
        self._uplink = Uplink(
            url, journal, self._set_aside, connect_s=connect_s, write_s=write_s, monotonic_ns=env.monotonic_ns
        )
        self._where = self._uplink.where
        self._journal = journal
        self._away_ns = away_ms * NS_PER_MS
        self._write_s = write_s
        self._schema = schema
        self._monotonic_ns = env.monotonic_ns
        self._run_id = ""
        self._open = False
        self._pruned = PruneProgress()

    async def open(self, run: Run) -> PreviousRun | None:
        """Lock the account, migrate, write what the previous desk left in the journal, and start the run.

        Raises HistoryError: the database cannot be reached, is held by another desk, belongs to another account,
        another program or a newer version; or the journal cannot be read.
        """
        async with self._uplink.turn:
            if self._open:
                raise HistoryError(already_open(self._where))
            await in_thread(self._journal.open)
            try:
                await in_thread(self._set_aside.look)
                connection = await self._uplink.connect(run.run_id)
                try:
                    previous = await self._start(connection, run)
                except BaseException:
                    connection.abort()
                    raise
            except BaseException as error:
                self._journal.close()
                if isinstance(error, FAULTS):
                    raise HistoryError(explain(self._where, error)) from None
                raise
            self._uplink.use(connection, run.run_id)
            self._run_id, self._open = run.run_id, True
            return previous

    async def _start(self, connection: PostgresConnection, run: Run) -> PreviousRun | None:
        await connection.lock_account(patience_s=LOCK_S)
        await migrate(connection.db, self._where, self._schema)
        await make_catalogue(connection.db, self._where)
        if not self._journal.empty:
            log.warning("writing %d events of the previous desk from %s", self._journal.events, self._journal.path)
        await self._uplink.write_backlog(connection)
        start = RunStart(run=run, journal=self._journal.name, away_ns=self._away_ns)
        return await start_run(connection.db, self._where, start)

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        """Make the batch durable: one transaction of the database, or one record of the journal."""
        if batch:
            await self._save(JournalEntry(self._run_id, batch[-1].at_ns, False, tuple(batch)))

    async def heartbeat(self, at_ns: int) -> None:
        await self._save(JournalEntry(self._run_id, at_ns, False, ()))

    async def _save(self, entry: JournalEntry) -> None:
        async with self._uplink.turn:
            self._check_open()
            connection = self._uplink.connection
            if connection is not None:
                asked_ns = self._monotonic_ns()
                try:
                    refused = await connection.write_apart(
                        entry.run_id, entry.events, entry.alive_ns, ended=entry.ended, answer_s=self._write_s
                    )
                    self._uplink.answered_ns = asked_ns
                except Exception as error:
                    # Whatever it is, the batch must not be lost for it.
                    self._uplink.lose(explain(self._where, error))
                except BaseException:
                    self._uplink.lose(f"the history {self._where}: a write was interrupted")
                    raise
                else:
                    if refused:
                        await in_thread(self._set_aside.add, entry.run_id, refused)
                    return
            await in_thread(self._journal.append, entry)

    def health(self) -> HistoryHealth:
        return self._set_aside.judge(self._link_health())

    def _link_health(self) -> HistoryHealth:
        uplink = self._uplink
        if uplink.account_lost:
            return HistoryHealth(problem=uplink.account_lost, trade=False, complete=False, lost_to_other_desk=True)
        if uplink.connection is not None or not self._open:
            return HEALTHY
        left_ns = self._away_ns - (self._monotonic_ns() - uplink.answered_ns)
        waiting = f"{counted(self._journal.events, 'event waits', 'events wait')} in {self._journal.path}"
        signing = (
            f"signing stops in {left_ns / NS_PER_S:.0f} s" if left_ns > 0 else "signing is stopped until it is back"
        )
        return HistoryHealth(problem=f"{uplink.problem}; {waiting}; {signing}", trade=left_ns > 0, complete=False)

    async def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        async with self._uplink.turn:
            self._check_open()
            if self._uplink.connection is None:
                # What waits in the journal would be missing.
                raise HistoryError(self.health().problem)
            try:
                async with asyncio.timeout(ANSWER_S):
                    return [
                        tuple(row) for row in await self._uplink.connection.db.fetch(queries.postgres(sql), *values)
                    ]
            except FAULTS as error:
                self._uplink.lose(explain(self._where, error))
                raise HistoryError(self._uplink.problem) from None

    async def prune(self, before_ns: int) -> bool:
        """Delete a few of the oldest requests and prices; nothing while the database is away."""
        async with self._uplink.turn:
            self._check_open()
            if self._uplink.connection is None:
                return False
            try:
                async with asyncio.timeout(self._write_s):
                    return await self._prune(self._uplink.connection.db, before_ns)
            except Exception as error:
                self._uplink.lose(explain(self._where, error))
                raise HistoryError(self._uplink.problem) from None
            except BaseException:
                self._uplink.lose(f"the history {self._where}: a deletion was interrupted")
                raise

    async def _prune(self, db: Any, before_ns: int) -> bool:
        more = False
        for table in queries.PRUNED_TABLES:
            from_ns = self._pruned.from_ns(table)
            last_ns = await db.fetchval(queries.postgres(queries.PRUNE_STEP_END[table]), from_ns, before_ns)
            to_ns = self._pruned.to_ns(table, last_ns, before_ns)
            await db.execute(queries.postgres(queries.PRUNE[table]), from_ns, to_ns)
            self._pruned.done(table, to_ns)
            more |= last_ns is not None
        return more

    async def close(self, at_ns: int | None) -> None:
        """End the run (cleanly when a time is given) and disconnect; harmless when not open.

        What waits in the journal stays there for the next desk of the state directory. Raises HistoryError when another
        desk has taken the account.
        """
        if not self._open:
            return
        await self._uplink.stop_reconnecting()
        try:
            if self._uplink.connection is None:
                await self._uplink.try_to_catch_up(CLOSE_S)
            if at_ns is not None:
                await self._save(JournalEntry(self._run_id, at_ns, True, ()))
        finally:
            self._open = False
            await self._uplink.close()
            if not self._journal.empty:
                waiting = self._journal.events, self._where, self._journal.path
                log.error("%d events are not in %s yet: they wait in %s for the next start", *waiting)
            self._journal.close()
        if self._uplink.account_lost:
            raise HistoryError(self._uplink.account_lost)

    def _check_open(self) -> None:
        if not self._open:
            raise HistoryError(not_open(self._where))
