"""A PostgreSQL database that becomes a copy of a history; no desk writes into it until it is whole."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Self, TypeVar

from storage.errors import HistoryError
from storage.postgres.address import parse_address
from storage.postgres.bulk_rows import COPY_OPTIONS, as_csv
from storage.postgres.connection import connect
from storage.postgres.errors import FAULTS, explain
from storage.postgres.migrations import migrate
from storage.postgres.reader import CONNECT_S, PostgresReader
from storage.reader import Reader
from storage.runs import UNFINISHED_COPY
from storage.transfer.transfer import COLUMNS

T = TypeVar("T")

PATIENCE_S = 3.0
"""How long the connection of a copy that was broken off may take to end."""


class PostgresTarget:
    """The database at ``url``, which must hold no history yet, or an unfinished copy of the same one."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            self._where = parse_address(url)
        except ValueError as error:
            raise HistoryError(f"the URL cannot be used: {error}") from None
        self._runner = asyncio.Runner()
        self._reader: PostgresReader | None = None
        try:
            self._link = self._told(connect(url, self._where, "cockpit copying", timeout_s=CONNECT_S))
        except BaseException:
            self._runner.close()
            raise

    def begin(self, first_run: str) -> None:
        """Make the tables, or take the unfinished copy when it is of the same history."""
        self._told(self._begin(first_run))

    async def _begin(self, first_run: str) -> None:
        db = self._link.db
        await self._link.take_desk(patience_s=PATIENCE_S)
        await migrate(db, self._where)
        async with db.transaction():
            if await db.fetchval("SELECT to_regclass($1)", UNFINISHED_COPY) is not None:
                if await db.fetchval(f"SELECT run_id FROM {UNFINISHED_COPY}") != first_run:
                    raise HistoryError(
                        f"{self._where} holds the unfinished copy of another history: drop the database and create it "
                        "anew"
                    )
                return
            if await db.fetchval("SELECT 1 FROM runs LIMIT 1"):
                raise HistoryError(f"{self._where} holds a history already: name a new and empty database")
            await db.execute(f"CREATE TABLE {UNFINISHED_COPY} (run_id TEXT NOT NULL)")
            await db.execute(f"INSERT INTO {UNFINISHED_COPY} VALUES ($1)", first_run)

    def last(self, table: str) -> int:
        """The highest id that was copied; 0 without any."""
        query = f"SELECT COALESCE(MAX({COLUMNS[table][0]}), 0) FROM {table}"
        return int(self._told(self._link.db.fetchval(query)))

    def put(self, table: str, rows: Sequence[tuple[Any, ...]], *, anew: bool = False) -> None:
        """Add rows as one transaction, by COPY."""
        self._told(self._put(table, rows, anew))

    async def _put(self, table: str, rows: Sequence[tuple[Any, ...]], anew: bool) -> None:
        db = self._link.db
        async with db.transaction():
            if anew:
                await db.execute(f"DELETE FROM {table}")
            # A view, because the driver takes bytes for the name of a file.
            source = memoryview(as_csv(rows))
            await db.copy_to_table(table, source=source, columns=COLUMNS[table], **COPY_OPTIONS)

    def reader(self) -> Reader:
        """What was copied so far."""
        self._reader = PostgresReader(self._url)
        return self._reader

    def finish(self) -> None:
        """Let new rows be numbered behind those that were copied, and desks write."""
        self._told(self._finish())

    async def _finish(self) -> None:
        db = self._link.db
        async with db.transaction():
            for table, columns in COLUMNS.items():
                key = columns[0]
                await db.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), "
                    f"(SELECT COALESCE(MAX({key}), 0) + 1 FROM {table}), false)"
                )
            await db.execute(f"DROP TABLE {UNFINISHED_COPY}")
        await db.execute("ANALYZE")

    def _told(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._runner.run(work)
        except FAULTS as error:
            raise HistoryError(explain(self._where, error)) from None

    def close(self) -> None:
        """Let go of the connections."""
        if self._reader is not None:
            self._reader.close()
        self._link.write_off()
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
