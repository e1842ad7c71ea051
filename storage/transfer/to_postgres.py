"""A PostgreSQL database that becomes a copy of a history; no desk writes into it until it is complete."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from storage.errors import HistoryError
from storage.postgres.address import parse_address
from storage.postgres.bulk_rows import COPY_OPTIONS, as_csv
from storage.postgres.catalogue import make_catalogue
from storage.postgres.connection import connect
from storage.postgres.errors import FAULTS, explain
from storage.postgres.migrations import migrate
from storage.postgres.reader import CONNECT_S, PostgresReader
from storage.reader import Closing, Reader
from storage.runs import UNFINISHED_COPY
from storage.transfer.transfer import COLUMNS

T = TypeVar("T")

PATIENCE_S = 3.0
"""How long the connection of an interrupted copy may take to end."""


class PostgresTarget(Closing):
    """The database at ``url``, which must be empty or an unfinished copy of the same history."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            self._where = parse_address(url)
        except ValueError as error:
            raise HistoryError(f"the URL is invalid: {error}") from None
        self._runner = asyncio.Runner()
        self._reader: PostgresReader | None = None
        try:
            self._connection = self._run(connect(url, self._where, "cockpit copying", timeout_s=CONNECT_S))
        except BaseException:
            self._runner.close()
            raise

    def start(self, first_run: str) -> None:
        self._run(self._start(first_run))

    async def _start(self, first_run: str) -> None:
        db = self._connection.db
        await self._connection.lock_account(patience_s=PATIENCE_S)
        await migrate(db, self._where)
        async with db.transaction():
            if await db.fetchval("SELECT to_regclass($1)", UNFINISHED_COPY) is not None:
                if await db.fetchval(f"SELECT run_id FROM {UNFINISHED_COPY}") != first_run:
                    raise HistoryError(
                        f"{self._where} holds the unfinished copy of another history: drop the database and create it "
                        "again"
                    )
                return
            if await db.fetchval("SELECT 1 FROM runs LIMIT 1"):
                raise HistoryError(f"{self._where} holds a history already: name an empty database")
            await db.execute(f"CREATE TABLE {UNFINISHED_COPY} (run_id TEXT NOT NULL)")
            await db.execute(f"INSERT INTO {UNFINISHED_COPY} VALUES ($1)", first_run)

    def last_id(self, table: str) -> int:
        query = f"SELECT COALESCE(MAX({COLUMNS[table][0]}), 0) FROM {table}"
        return int(self._run(self._connection.db.fetchval(query)))

    def add(self, table: str, rows: Sequence[tuple[Any, ...]], *, replace: bool = False) -> None:
        self._run(self._add(table, rows, replace))

    async def _add(self, table: str, rows: Sequence[tuple[Any, ...]], replace: bool) -> None:
        db = self._connection.db
        async with db.transaction():
            if replace:
                await db.execute(f"DELETE FROM {table}")
            # A view, because the driver takes bytes for the name of a file.
            source = memoryview(as_csv(rows))
            await db.copy_to_table(table, source=source, columns=COLUMNS[table], **COPY_OPTIONS)

    def reader(self) -> Reader:
        self._reader = PostgresReader(self._url)
        return self._reader

    def finish(self) -> None:
        """Number new rows behind the copied ones, and let desks write."""
        self._close_reader()
        self._run(self._finish())

    async def _finish(self) -> None:
        db = self._connection.db
        async with db.transaction():
            for table, columns in COLUMNS.items():
                key = columns[0]
                await db.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), "
                    f"(SELECT COALESCE(MAX({key}), 0) + 1 FROM {table}), false)"
                )
            await db.execute(f"DROP TABLE {UNFINISHED_COPY}")
        # Behind the rows: one of an older version that a check would refuse must not end the copy.
        await make_catalogue(db, self._where)
        await db.execute("ANALYZE")

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._runner.run(work)
        except FAULTS as error:
            raise HistoryError(explain(self._where, error)) from None

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def close(self) -> None:
        self._close_reader()
        self._connection.abort()
        self._runner.close()
