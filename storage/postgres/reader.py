"""Reading a PostgreSQL history beside the desk that writes it: one consistent picture, without any lock."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, Self, TypeVar

from storage.history import HistoryError
from storage.migrations import scripts
from storage.postgres.address import place
from storage.postgres.connection import connect
from storage.postgres.errors import FAULTS, explain
from storage.postgres.migrations import SCHEMA
from storage.queries import postgres

T = TypeVar("T")

CONNECT_S = 5.0
AT_ONCE = 2_000
"""Rows that are fetched together."""

_NUMERIC: dict[str, Any] = {
    "typename": "numeric",
    "schema": "pg_catalog",
    "encoder": str,
    "decoder": str,
    "format": "text",
}


class PostgresReader:
    """A history in PostgreSQL, opened for reading only, as it was when the first row was read.

    For programs without an event loop of their own. Raises HistoryError when it cannot be reached, is none, or is of
    another version's schema.
    """

    def __init__(self, url: str) -> None:
        try:
            self._where = place(url)
        except ValueError as error:
            raise HistoryError(f"the history's URL cannot be used: {error}") from None
        self._runner = asyncio.Runner()
        try:
            self._db = self._told(connect(url, self._where, "cockpit reading", timeout_s=CONNECT_S)).db
            try:
                self._check()
                # As text, which is how SQLite keeps them: to the last digit, and without an exponent.
                self._told(self._db.set_type_codec(**_NUMERIC))
                self._told(self._db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            except BaseException:
                self._db.terminate()
                raise
        except BaseException:
            self._runner.close()
            raise

    def _check(self) -> None:
        known = len(scripts(SCHEMA))
        if self._told(self._db.fetchval("SELECT to_regclass('history_schema')")) is None:
            raise HistoryError(f"there is no history in {self._where}: correct POSTGRES_URL, or run a desk first")
        version = self._told(self._db.fetchval("SELECT version FROM history_schema"))
        if version < known:
            raise HistoryError(
                f"the history {self._where} has schema {version} and this program reads {known}: "
                "start a desk on it once, which brings it up to date"
            )
        if version > known:
            raise HistoryError(f"the history {self._where} was written by a newer version: update the program")

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows; HistoryError when the server fails. Several may be read side by side."""
        cursor = self._told(self._cursor(postgres(sql), values))
        while some := self._told(cursor.fetch(AT_ONCE)):
            yield from map(tuple, some)
            if len(some) < AT_ONCE:
                return

    async def _cursor(self, sql: str, values: tuple[object, ...]) -> Any:
        return await self._db.cursor(sql, *values)

    def _told(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._runner.run(work)
        except FAULTS as error:
            raise HistoryError(explain(self._where, error)) from None

    def close(self) -> None:
        """Let go of the connection."""
        try:
            self._told(self._db.close(timeout=2.0))
        except HistoryError:
            self._db.terminate()
        finally:
            self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
