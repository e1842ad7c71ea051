"""Brings what is in a desk's journal into the database: in order, a run's entries together, each event once."""

import asyncio

from storage.errors import HistoryError
from storage.journal import START, Journal, JournalEntry
from storage.postgres.address import DatabaseAddress
from storage.postgres.connection import PostgresConnection
from storage.set_aside import SetAside
from storage.threads import in_thread

EVENTS_PER_TRANSACTION = 2_000
"""About; a transaction an entry would not keep pace."""

ANSWER_S = 10.0
"""How long one transaction may take."""


class Backlog:
    """What waits in ``journal``. Entries written to the database stay in the file until ``clear``.

    What the database refuses of it goes to ``set_aside``.
    """

    def __init__(self, journal: Journal, where: DatabaseAddress, set_aside: SetAside) -> None:
        self._journal = journal
        self._set_aside = set_aside
        self._where = where
        self._written_to = START
        self._known_runs: set[str] = set()

    async def write_to(self, connection: PostgresConnection) -> None:
        """Write what waits; a second call goes on where the first broke off.

        Raises HistoryError when it belongs to another database, and what the connection raises.
        """
        while (found := await in_thread(self._next)) is not None:
            entry, end = found
            async with asyncio.timeout(ANSWER_S):
                await self._check_run(connection, entry.run_id)
            refused = await connection.write_apart(
                entry.run_id, entry.events, entry.alive_ns, ended=entry.ended, answer_s=ANSWER_S
            )
            if refused:
                await in_thread(self._set_aside.add, entry.run_id, refused)
            self._written_to = end

    def clear(self) -> None:
        """Empty the journal, once the database has everything in it."""
        if not self._journal.empty:
            self._journal.clear()
        self._written_to = START

    def _next(self) -> tuple[JournalEntry, int] | None:
        """Return the next entries of one run as one, and the byte after them; None at the end."""
        found = self._journal.read(self._written_to)
        if found is None:
            return None
        first, end = found
        several, last, alive_ns = list(first.events), first, first.alive_ns
        while not last.ended and len(several) < EVENTS_PER_TRANSACTION:
            following = self._journal.read(end)
            if following is None or following[0].run_id != first.run_id:
                break
            last, end = following
            several += last.events
            alive_ns = max(alive_ns, last.alive_ns)
        return JournalEntry(first.run_id, alive_ns, last.ended, tuple(several)), end

    async def _check_run(self, connection: PostgresConnection, run_id: str) -> None:
        if run_id in self._known_runs:
            return
        if not await connection.db.fetchval("SELECT 1 FROM runs WHERE run_id = $1", run_id):
            raise HistoryError(
                f"the journal {self._journal.path} holds events of run {run_id}, which {self._where} does not have: "
                "point POSTGRES_URL to the database it was written for, and start once"
            )
        self._known_runs.add(run_id)
