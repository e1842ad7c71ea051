"""One connection to PostgreSQL: the account's lock, held while it is open, and the writing of a batch."""

import asyncio
import os
import socket
from collections.abc import Sequence
from typing import Any

import asyncpg

from cockpit.model.events import AnyEvent
from cockpit.model.giving_way import give_way
from storage.errors import AccountLockedError, HistoryError, RefusedDataError
from storage.postgres.address import DatabaseAddress
from storage.postgres.bulk_rows import COPY_FROM, COPY_OPTIONS, as_csv, as_json, insert
from storage.postgres.errors import FAULTS, explain, is_refusal
from storage.rows import ROWS_PER_SLICE, TABLES, Table, by_table
from storage.set_aside import Refusal, write_apart

_DESK = 0x4E494348_4445534B
"""The advisory lock ("NICHDESK") that only one desk of the database can hold."""

_HOLDER = """
SELECT a.pid, a.application_name, COALESCE(host(a.client_addr), 'the same machine'),
       to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((l.classid::bigint << 32) | l.objid::bigint) = $1
"""
_HEARTBEAT = "UPDATE runs SET last_write_ns = GREATEST(last_write_ns, $1) WHERE run_id = $2"
_END = "UPDATE runs SET last_write_ns = GREATEST(last_write_ns, $1), ended_ns = $1 WHERE run_id = $2"
_INSERT = {table.name: insert(table) for table in TABLES}
_RETRY_S = 0.1

Groups = Sequence[tuple[Table, Sequence[AnyEvent]]]
Encoded = tuple[Table, str | memoryview]
_SESSION = {
    "synchronous_commit": "on",
    "lock_timeout": "5s",
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",
}
"""A commit waits for the disk; a lost client is soon noticed, so that its locks are released."""


class PostgresConnection:
    """An open connection. Its methods raise asyncpg's errors, OSError and TimeoutError as they come."""

    def __init__(self, db: Any, where: DatabaseAddress, name: str) -> None:
        self.db = db
        self._where = where
        self._name = name

    def abort(self) -> None:
        """Drop the connection without telling the server, which may not be there."""
        self.db.terminate()

    async def close(self) -> None:
        await self.db.close(timeout=2.0)

    async def lock_account(self, *, patience_s: float) -> None:
        """Hold the account while the connection is open. Raises AccountLockedError, which names the holder.

        An earlier connection of this very desk may still be open on the server: it is ended. That of a killed desk ends
        a moment later, so the lock is tried for ``patience_s`` before the holder counts.
        """
        tries = max(1, round(patience_s / _RETRY_S))
        for left in reversed(range(tries)):
            if await self.db.fetchval("SELECT pg_try_advisory_lock($1)", _DESK):
                return
            holder = await self.db.fetchrow(_HOLDER, _DESK)
            if holder is not None and holder[1] == self._name:
                await self.db.execute("SELECT pg_terminate_backend($1)", holder[0])
            elif not left:
                raise AccountLockedError(
                    f"another desk writes to the history {self._where}{_described(holder)}; stop it first"
                )
            await asyncio.sleep(_RETRY_S)
        raise AccountLockedError(
            f"an earlier connection of this desk still holds the history {self._where}: try again soon"
        )

    async def write_apart(
        self, run_id: str, batch: Sequence[AnyEvent], heartbeat_ns: int, *, ended: bool, answer_s: float
    ) -> list[Refusal]:
        """Write as ``write`` does, but what is refused alone is left out and returned.

        Raises TimeoutError when one transaction takes longer than ``answer_s``.
        """

        async def write(events: Sequence[AnyEvent]) -> None:
            async with asyncio.timeout(answer_s):
                await self.write(run_id, events, heartbeat_ns, ended=ended)

        refused = await write_apart(batch, write)
        if refused and ended:
            await write(())
        return refused

    async def write(self, run_id: str, batch: Sequence[AnyEvent], heartbeat_ns: int, *, ended: bool = False) -> None:
        """Write the events and the run's heartbeat (UTC ns) as one transaction; rows that exist already stay.

        Raises RefusedDataError for what is in a row. After any error but that or a server's the state is unknown: abort
        the connection and write the batch again.
        """
        try:
            await self._write_rows(run_id, batch, heartbeat_ns, ended=ended)
        except (asyncpg.PostgresError, UnicodeError, OverflowError) as error:
            if not is_refusal(error):
                raise
            raise RefusedDataError(explain(self._where, error)) from None

    async def _write_rows(self, run_id: str, batch: Sequence[AnyEvent], heartbeat_ns: int, *, ended: bool) -> None:
        groups = by_table(batch)
        many = any(len(events) >= COPY_FROM for _, events in groups)
        try:
            await self._write(run_id, await _encode(run_id, groups, copy=many), heartbeat_ns, ended=ended)
        except asyncpg.UniqueViolationError:
            if not many:
                raise
            await self._write(run_id, await _encode(run_id, groups, copy=False), heartbeat_ns, ended=ended)

    async def _write(self, run_id: str, encoded: Sequence[Encoded], heartbeat_ns: int, *, ended: bool) -> None:
        db = self.db
        await db.execute("BEGIN")
        try:
            for table, rows in encoded:
                if isinstance(rows, str):
                    await db.execute(_INSERT[table.name], rows)
                else:
                    await db.copy_to_table(table.name, source=rows, columns=table.columns, **COPY_OPTIONS)
            await db.execute(_END if ended else _HEARTBEAT, heartbeat_ns, run_id)
            await db.execute("COMMIT")
        except (asyncpg.PostgresError, UnicodeError, OverflowError):
            if not db.is_closed():
                await db.execute("ROLLBACK")
            raise


async def _encode(run_id: str, groups: Groups, *, copy: bool) -> list[Encoded]:
    """Return the rows as they are sent: JSON for a statement, CSV for COPY.

    They are made a few at a time, so that other tasks run in between. CSV is a view, because the driver takes bytes for
    the name of a file.
    """
    encoded: list[Encoded] = []
    for table, events in groups:
        csv, items = bytearray(), list[str]()
        for first in range(0, len(events), ROWS_PER_SLICE):
            rows = [table.row(run_id, event) for event in events[first : first + ROWS_PER_SLICE]]
            if copy and len(events) >= COPY_FROM:
                csv += as_csv(rows)
            else:
                items.append(as_json(table, rows)[1:-1])
            await give_way()
        encoded.append((table, f"[{','.join(items)}]" if items else memoryview(csv)))
    return encoded


def _described(holder: Any) -> str:
    if holder is None:
        return ""
    _, name, address, since = holder
    return f": {name or 'one without a name'}, from {address}, since {since} UTC"


def desk_name(run_id: str) -> str:
    """Return the connection's name on the server, by which the desk can be found: at most 63 bytes of ASCII."""
    return f"cockpit desk {run_id[:12]} {os.getpid()}@{socket.gethostname()}".encode("ascii", "replace").decode()[:63]


async def connect(url: str, where: DatabaseAddress, name: str, *, timeout_s: float) -> PostgresConnection:
    """Connect. Raises HistoryError, which names host and database and never the password."""
    encrypted = {"ssl": "require"} if where.needs_tls else {}
    try:
        db = await asyncpg.connect(
            url, timeout=timeout_s, server_settings={**_SESSION, "application_name": name}, **encrypted
        )
    except FAULTS as error:
        raise HistoryError(explain(where, error)) from None
    except Exception as error:
        # The driver's text about a URL it cannot use may repeat the URL.
        raise HistoryError(f"the history {where} cannot be used: {type(error).__name__}; check POSTGRES_URL") from None
    return PostgresConnection(db, where, name)
