"""The history in PostgreSQL, with a journal on the desk's disk for the time in which the database is away.

A batch is in the database or in the journal before ``write`` returns, so it outlives the desk either way. While
anything waits in the journal everything new goes behind it, so that the database gets all of it in order; a batch of
which nobody knows whether it arrived is written again, and the unique keys leave one row of each fact.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cockpit.model.events import AnyEvent
from storage import queries
from storage.errors import AccountLockedError, HistoryError
from storage.history import HEALTHY, HistoryHealth, PreviousRun, Run
from storage.journal import Journal, JournalEntry
from storage.postgres.address import parse_address
from storage.postgres.backlog import ANSWER_S, Backlog
from storage.postgres.connection import PostgresConnection, connect, desk_name
from storage.postgres.errors import FAULTS, explain
from storage.postgres.migrations import SCHEMA, migrate
from storage.postgres.runs import RunStart, start_run
from storage.reads import HistoryReads
from storage.threads import in_thread
from venue.protocol.units import NS_PER_MS

log = logging.getLogger(__name__)

WRITE_S = 1.5
"""A write that takes longer goes to the journal instead, before the writer calls it stalled."""

TAKE_S = 2.0
"""How long the connection of a desk that was killed may take to end."""

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 2.0
FAREWELL_S = 3.0
"""How long the end of a desk waits for a database that is away."""


class PostgresHistory(HistoryReads):
    """The History at ``url``; ``journal`` is the file for the time without it.

    The desk may trade on the journal alone for ``away_ms``; then ``standing`` forbids it until the database is back.
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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._where = parse_address(url)
        self._journal = journal
        self._booking = Backlog(journal, self._where)
        self._away_ms = away_ms
        self._connect_s = connect_s
        self._write_s = write_s
        self._schema = schema
        self._monotonic = monotonic
        self._run_id = ""
        self._open = False
        self._link: PostgresConnection | None = None
        self._mending: asyncio.Task[None] | None = None
        self._forgotten: dict[str, int] = {}
        self._answered = 0.0
        self._trouble = ""
        self._taken = ""
        self._turn = asyncio.Lock()

    async def open(self, run: Run) -> PreviousRun | None:
        """Take the account, migrate, book what a former desk left in the journal, and begin the run.

        Raises HistoryError: the database cannot be reached, is another desk's at the moment, another account's, another
        program's or a newer version's; or the journal cannot be read.
        """
        async with self._turn:
            if self._open:
                raise HistoryError(f"the history {self._where} is already open")
            await in_thread(self._journal.open)
            try:
                link = await connect(self._url, self._where, desk_name(run.run_id), timeout_s=self._connect_s)
                try:
                    previous = await self._begin(link, run)
                except BaseException:
                    link.write_off()
                    raise
            except BaseException as error:
                self._journal.close()
                if isinstance(error, FAULTS):
                    raise HistoryError(explain(self._where, error)) from None
                raise
            self._link, self._run_id, self._open = link, run.run_id, True
            self._answered = self._monotonic()
            return previous

    async def _begin(self, link: PostgresConnection, run: Run) -> PreviousRun | None:
        await link.take_desk(patience_s=TAKE_S)
        await migrate(link.db, self._where, self._schema)
        if not self._journal.empty:
            log.warning("booking %d events of a former desk from %s", self._journal.events, self._journal.path)
        await self._booking.book(link)
        await in_thread(self._booking.forget)
        return await start_run(
            link.db, self._where, RunStart(run=run, journal=self._journal.name, away_ns=self._away_ms * NS_PER_MS)
        )

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        """Make the batch durable: one transaction of the database, or one record of the journal."""
        if batch:
            await self._put(JournalEntry(self._run_id, batch[-1].at_ns, False, tuple(batch)))

    async def heartbeat(self, at_ns: int) -> None:
        """Note that the run is alive."""
        await self._put(JournalEntry(self._run_id, at_ns, False, ()))

    async def _put(self, entry: JournalEntry) -> None:
        async with self._turn:
            self._check_open()
            await self._put_in_turn(entry)

    async def _put_in_turn(self, entry: JournalEntry) -> None:
        link = self._link
        if link is not None:
            asked = self._monotonic()
            try:
                async with asyncio.timeout(self._write_s):
                    await link.write(entry.run_id, entry.events, entry.alive_ns, ended=entry.ended)
                self._answered = asked
                return
            except Exception as error:
                # Whatever it is, the batch must not be lost for it.
                self._lose(explain(self._where, error))
            except BaseException:
                self._lose(f"the history {self._where}: a write was broken off")
                raise
        await in_thread(self._journal.append, entry)

    def _lose(self, why: str) -> None:
        """Go on with the journal, and look for the database again and again."""
        if self._link is not None:
            self._link.write_off()
            self._link = None
        self._trouble = why
        log.error("%s; events go to %s meanwhile", why, self._journal.path)
        if self._open and (self._mending is None or self._mending.done()):
            self._mending = asyncio.create_task(self._mend(), name="history-mending")

    async def _mend(self) -> None:
        delay = FIRST_RETRY_S
        while True:
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_RETRY_S)
            try:
                if await self._back():
                    return
            except HistoryError as error:
                self._trouble = str(error)
            except FAULTS as error:
                self._trouble = explain(self._where, error)
            except Exception as error:
                log.exception("mending the history failed")
                self._trouble = f"the history {self._where} cannot be mended: {type(error).__name__}"

    async def _back(self) -> bool:
        """Connect, take the account again, book what waits, and write to the database from then on."""
        link = await connect(self._url, self._where, desk_name(self._run_id), timeout_s=self._connect_s)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._take_again(link)
            await self._booking.book(link)
            async with self._turn:
                async with asyncio.timeout(self._write_s):
                    await self._booking.book(link)
                await in_thread(self._booking.forget)
                self._link, self._trouble = link, ""
                self._answered = self._monotonic()
        except BaseException:
            link.write_off()
            raise
        log.warning("the history %s is back, and everything is in it", self._where)
        return True

    async def _take_again(self, link: PostgresConnection) -> None:
        """Hold the account again. Another desk that has it, or had it meanwhile, ends this one's trading for good."""
        try:
            await link.take_desk(patience_s=TAKE_S)
        except AccountLockedError as error:
            self._taken = str(error)
        newest = await link.db.fetchval("SELECT run_id FROM runs ORDER BY seq DESC LIMIT 1")
        if newest != self._run_id and not self._taken:
            self._taken = f"another desk took over the history {self._where} in the meantime (run {newest})"

    def health(self) -> HistoryHealth:
        """Whole while the database takes everything; on the journal alone for as long as that may be traded on."""
        if self._taken:
            return HistoryHealth(problem=self._taken, trade=False, complete=False, lost_to_other_desk=True)
        if self._link is not None or not self._open:
            return HEALTHY
        left_s = self._away_ms / 1000 - (self._monotonic() - self._answered)
        waiting = f"{self._journal.events} events wait in {self._journal.path}"
        until = f"in {left_s:.0f} s nothing more is signed" if left_s > 0 else "nothing is signed until it is back"
        return HistoryHealth(problem=f"{self._trouble}; {waiting}; {until}", trade=left_s > 0, complete=False)

    async def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows. HistoryError while the database is away: what waits in the journal would be missing."""
        async with self._turn:
            self._check_open()
            if self._link is None:
                raise HistoryError(self.health().problem)
            try:
                async with asyncio.timeout(ANSWER_S):
                    return [tuple(row) for row in await self._link.db.fetch(queries.postgres(sql), *values)]
            except FAULTS as error:
                self._lose(explain(self._where, error))
                raise HistoryError(self._trouble) from None

    async def prune(self, before_ns: int) -> bool:
        """Delete a few of the oldest requests and prices from before this time; nothing while the database is away."""
        async with self._turn:
            self._check_open()
            link = self._link
            if link is None:
                return False
            try:
                async with asyncio.timeout(self._write_s):
                    return await self._forget(link, before_ns)
            except Exception as error:
                self._lose(explain(self._where, error))
                raise HistoryError(self._trouble) from None
            except BaseException:
                self._lose(f"the history {self._where}: a deletion was broken off")
                raise

    async def _forget(self, link: PostgresConnection, before_ns: int) -> bool:
        more = False
        for table in queries.PRUNED_TABLES:
            begin_ns = self._forgotten.get(table, 0)
            last = await link.db.fetchval(queries.postgres(queries.PRUNE_STEP_END[table]), begin_ns, before_ns)
            end_ns = before_ns if last is None else max(last, begin_ns + 1)
            await link.db.execute(queries.postgres(queries.PRUNE[table]), begin_ns, end_ns)
            self._forgotten[table] = max(begin_ns, end_ns)
            more |= last is not None
        return more

    async def close(self, at_ns: int | None) -> None:
        """End the run (cleanly when a time is given) and let go; harmless when not open.

        What waits in the journal stays there for the next desk of the state directory. HistoryError when another desk
        has taken the account.
        """
        if not self._open:
            return
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.gather(self._mending, return_exceptions=True)
        try:
            if self._link is None:
                await self._try_back()
            if at_ns is not None:
                await self._put(JournalEntry(self._run_id, at_ns, True, ()))
        finally:
            self._open = False
            await self._let_go()
        if self._taken:
            raise HistoryError(self._taken)

    async def _try_back(self) -> None:
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._back()
        except Exception as error:
            log.warning("%s", error if isinstance(error, HistoryError) else explain(self._where, error))

    async def _let_go(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            try:
                await link.close()
            except FAULTS:
                link.write_off()
        if not self._journal.empty:
            waiting = self._journal.events, self._where, self._journal.path
            log.error("%d events are not in %s yet: they wait in %s for the next start", *waiting)
        self._journal.close()

    def _check_open(self) -> None:
        if not self._open:
            raise HistoryError(f"the history {self._where} is not open")
