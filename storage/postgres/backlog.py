"""Bringing what waits in a desk's journal into the database: in order, a run's entries together, each fact once."""

import asyncio

from storage.errors import HistoryError
from storage.journal import START, Journal, JournalEntry
from storage.postgres.address import DatabaseAddress
from storage.postgres.connection import PostgresConnection
from storage.threads import in_thread

EVENTS_PER_TRANSACTION = 2_000
"""About how many events are booked in one transaction; a transaction an entry would not keep pace."""

ANSWER_S = 10.0
"""How long one of them may take."""


class Backlog:
    """The way from ``journal`` to the database. What was booked stays in the journal until it is forgotten."""

    def __init__(self, journal: Journal, where: DatabaseAddress) -> None:
        self._journal = journal
        self._where = where
        self._booked = START
        self._known_runs: set[str] = set()

    async def book(self, link: PostgresConnection) -> None:
        """Write what waits and is not booked yet.

        Raises HistoryError when it is another database's, and what the connection raises: then trying again goes on.
        """
        while (found := await in_thread(self._next)) is not None:
            entry, end = found
            async with asyncio.timeout(ANSWER_S):
                await self._check_run(link, entry.run_id)
                await link.write(entry.run_id, entry.events, entry.alive_ns, ended=entry.ended)
            self._booked = end

    def forget(self) -> None:
        """Empty the journal: everything in it is booked."""
        if not self._journal.empty:
            self._journal.clear()
        self._booked = START

    def _next(self) -> tuple[JournalEntry, int] | None:
        """The next entries of one run as one, and the byte after them; None when everything is booked."""
        found = self._journal.read(self._booked)
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

    async def _check_run(self, link: PostgresConnection, run_id: str) -> None:
        if run_id in self._known_runs:
            return
        if not await link.db.fetchval("SELECT 1 FROM runs WHERE run_id = $1", run_id):
            raise HistoryError(
                f"the journal {self._journal.path} holds facts of run {run_id}, which {self._where} does not know: "
                "point POSTGRES_URL to the database it was written for, and start once"
            )
        self._known_runs.add(run_id)
