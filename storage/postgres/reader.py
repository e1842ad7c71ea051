"""Reading a PostgreSQL history beside the desk that writes it, without any lock."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from storage.errors import HistoryError
from storage.migrations import check_readable
from storage.postgres.address import parse_address
from storage.postgres.connection import connect
from storage.postgres.errors import FAULTS, explain
from storage.postgres.migrations import SCHEMA
from storage.queries import postgres
from storage.reader import Closing

T = TypeVar("T")

CONNECT_S = 5.0
ROWS_PER_FETCH = 2_000

_NUMERIC: dict[str, Any] = {
    "typename": "numeric",
    "schema": "pg_catalog",
    "encoder": str,
    "decoder": str,
    "format": "text",
}


class PostgresReader(Closing):
    """A history in PostgreSQL, opened for reading only, as it was when the first row was read.

    For programs without an event loop of their own. Raises HistoryError when it cannot be reached, is not a history, or
    has another version's schema.
    """

    def __init__(self, url: str) -> None:
        try:
            self._where = parse_address(url)
        except ValueError as error:
            raise HistoryError(f"the history's URL is invalid: {error}") from None
        self._runner = asyncio.Runner()
        try:
            self._db = self._run(connect(url, self._where, "cockpit reading", timeout_s=CONNECT_S)).db
            try:
                self._run(self._start())
            except BaseException:
                self._db.terminate()
                raise
        except BaseException:
            self._runner.close()
            raise

    async def _start(self) -> None:
        if await self._db.fetchval("SELECT to_regclass('history_schema')") is None:
            raise HistoryError(f"there is no history in {self._where}: correct POSTGRES_URL, or run a desk first")
        check_readable(await self._db.fetchval("SELECT version FROM history_schema"), SCHEMA, self._where)
        # As text, which is how SQLite keeps them: to the last digit, and without an exponent.
        await self._db.set_type_codec(**_NUMERIC)
        await self._db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Yield the rows; several queries may be read side by side."""
        cursor = self._run(self._cursor(postgres(sql), values))
        while some := self._run(cursor.fetch(ROWS_PER_FETCH)):
            yield from map(tuple, some)
            if len(some) < ROWS_PER_FETCH:
                return

    async def _cursor(self, sql: str, values: tuple[object, ...]) -> Any:
        return await self._db.cursor(sql, *values)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._runner.run(work)
        except FAULTS as error:
            raise HistoryError(explain(self._where, error)) from None

    def close(self) -> None:
        try:
            self._run(self._db.close(timeout=2.0))
        except HistoryError:
            self._db.terminate()
        finally:
            self._runner.close()
