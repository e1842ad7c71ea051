"""The desk's connection to its database; after a loss it is used again once the backlog is written."""

import asyncio
import logging
from collections.abc import Callable

from storage.errors import AccountLockedError, HistoryError
from storage.journal import Journal
from storage.postgres.address import parse_address
from storage.postgres.backlog import ANSWER_S, Backlog
from storage.postgres.connection import PostgresConnection, connect, desk_name
from storage.postgres.errors import FAULTS, explain
from storage.set_aside import SetAside
from storage.threads import in_thread

log = logging.getLogger(__name__)

LOCK_S = 2.0
"""How long the connection of a desk that was killed may take to end."""

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 2.0


class Uplink:
    """``connection`` is None while the database is away: then ``problem`` says why, and it is tried again and again.

    ``turn`` is held by whoever uses the connection or the journal. ``answered_ns``: monotonic, when the database was
    last asked something that it answered. ``account_lost`` says which desk has taken the account, empty while none has.
    """

    def __init__(
        self,
        url: str,
        journal: Journal,
        set_aside: SetAside,
        *,
        connect_s: float,
        write_s: float,
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._url = url
        self.where = parse_address(url)
        self._journal = journal
        self._backlog = Backlog(journal, self.where, set_aside)
        self._connect_s = connect_s
        self._write_s = write_s
        self._monotonic_ns = monotonic_ns
        self._run_id = ""
        self._reconnecting: asyncio.Task[None] | None = None
        self._ending = False
        self.connection: PostgresConnection | None = None
        self.turn = asyncio.Lock()
        self.answered_ns = 0
        self.problem = ""
        self.account_lost = ""

    async def connect(self, run_id: str) -> PostgresConnection:
        """Connect under the run's name. Raises HistoryError."""
        return await connect(self._url, self.where, desk_name(run_id), timeout_s=self._connect_s)

    async def write_backlog(self, connection: PostgresConnection) -> None:
        """Write everything in the journal to the database and empty it."""
        await self._backlog.write_to(connection)
        await in_thread(self._backlog.clear)

    def use(self, connection: PostgresConnection, run_id: str) -> None:
        """Take this connection for the run."""
        self._run_id = run_id
        self._ending = False
        self._take(connection)

    def _take(self, connection: PostgresConnection) -> None:
        self.connection, self.problem = connection, ""
        self.answered_ns = self._monotonic_ns()

    def lose(self, problem: str) -> None:
        """Drop the connection and start to reconnect; events go to the journal meanwhile."""
        if self.connection is not None:
            self.connection.abort()
            self.connection = None
        self.problem = problem
        log.error("%s; events go to %s meanwhile", problem, self._journal.path)
        if not self._ending and (self._reconnecting is None or self._reconnecting.done()):
            self._reconnecting = asyncio.create_task(self._reconnect(), name="history-reconnecting")

    async def _reconnect(self) -> None:
        delay = FIRST_RETRY_S
        while True:
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_RETRY_S)
            try:
                await self._catch_up()
                return
            except HistoryError as error:
                self.problem = str(error)
            except FAULTS as error:
                self.problem = explain(self.where, error)
            except Exception as error:
                log.exception("reconnecting the history failed")
                self.problem = f"the history {self.where} cannot be reconnected: {type(error).__name__}"

    async def _catch_up(self) -> None:
        """Connect, lock the account again, write the backlog, and use the database from then on."""
        connection = await self.connect(self._run_id)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._lock_again(connection)
            await self._backlog.write_to(connection)
            async with self.turn:
                async with asyncio.timeout(self._write_s):
                    await self._backlog.write_to(connection)
                await in_thread(self._backlog.clear)
                self._take(connection)
        except BaseException:
            connection.abort()
            raise
        log.warning("the history %s is back and complete", self.where)

    async def _lock_again(self, connection: PostgresConnection) -> None:
        # Another desk that has the account, or had it meanwhile, ends this one's trading for good.
        try:
            await connection.lock_account(patience_s=LOCK_S)
        except AccountLockedError as error:
            self.account_lost = str(error)
        newest = await connection.db.fetchval("SELECT run_id FROM runs ORDER BY seq DESC LIMIT 1")
        if newest != self._run_id and not self.account_lost:
            self.account_lost = f"another desk took over the history {self.where} in the meantime (run {newest})"

    async def stop_reconnecting(self) -> None:
        self._ending = True
        if self._reconnecting is not None:
            self._reconnecting.cancel()
            await asyncio.gather(self._reconnecting, return_exceptions=True)

    async def try_to_catch_up(self, within_s: float) -> None:
        """Reconnect once more; without success everything stays in the journal."""
        try:
            async with asyncio.timeout(within_s):
                await self._catch_up()
        except Exception as error:
            log.warning("%s", error if isinstance(error, HistoryError) else explain(self.where, error))

    async def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                await connection.close()
            except FAULTS:
                connection.abort()
