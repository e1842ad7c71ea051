"""The two engines of the history, each with a store of its own that other programs look into as well."""

import sqlite3
from pathlib import Path
from typing import Any

import asyncpg

from storage.history import History
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.postgres.migrations import SCHEMA as POSTGRES_SCHEMA
from storage.sqlite.history import SqliteHistory
from storage.sqlite.migrations import SCHEMA as SQLITE_SCHEMA
from storage.sqlite.writing.in_process import WritingProcess


class Engine:
    """One store. ``make()`` gives a new history on it, as the next desk would have."""

    name: str
    schema: Path

    def make(self, schema: Path | None = None) -> History:
        raise NotImplementedError

    async def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What another program sees."""
        raise NotImplementedError


class SqliteEngine(Engine):
    name = "sqlite"
    schema = SQLITE_SCHEMA

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.sqlite"

    def make(self, schema: Path | None = None) -> SqliteHistory:
        return SqliteHistory(self.path, schema=schema or self.schema)

    async def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        reader = sqlite3.connect(self.path)
        try:
            return reader.execute(sql, values).fetchall()
        finally:
            reader.close()


class SqliteProcessEngine(SqliteEngine):
    """SQLite as a desk writes it, by a process of its own."""

    def make(self, schema: Path | None = None) -> SqliteHistory:
        return SqliteHistory(self.path, schema=schema or self.schema, writing=WritingProcess)


class PostgresEngine(Engine):
    name = "postgres"
    schema = POSTGRES_SCHEMA

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self.journal = folder / "history.journal"

    def make(self, schema: Path | None = None, *, journal: Path | None = None, **options: Any) -> PostgresHistory:
        return PostgresHistory(
            options.pop("url", self.url), Journal(journal or self.journal), schema=schema or self.schema, **options
        )

    async def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        db = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await db.fetch(sql, *values)]
        finally:
            await db.close()


async def create_database(server: str, name: str) -> str:
    """A new and empty database on the server; its URL."""
    db = await asyncpg.connect(server)
    try:
        await db.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    finally:
        await db.close()
    return server.rpartition("/")[0] + f"/{name}"


async def drop_database(server: str, name: str) -> None:
    """Remove the database, whoever is still connected to it."""
    db = await asyncpg.connect(server)
    try:
        await db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await db.close()
