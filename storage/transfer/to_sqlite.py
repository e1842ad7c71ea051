"""A SQLite file that becomes a copy of a history; it has another name until it is complete."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from storage.errors import HistoryError
from storage.messages import file_appeared, file_exists, file_not_written
from storage.reader import Closing, Reader
from storage.runs import UNFINISHED_COPY
from storage.sqlite.errors import explain
from storage.sqlite.migrations import migrate
from storage.sqlite.reader import SqliteReader
from storage.sqlite.views import make_views
from storage.transfer.transfer import COLUMNS

T = TypeVar("T")


class SqliteTarget(Closing):
    """The file at ``path``, which must not exist; until it is complete it is named ``path`` + ``.part``, 0600."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise HistoryError(file_exists(path))
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._reader: SqliteReader | None = None
        self._db: sqlite3.Connection | None = None

    def start(self, first_run: str) -> None:
        try:
            self._part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._part, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise HistoryError(file_not_written(self._part, error)) from error
        self._run(lambda: asyncio.run(self._create()))
        self._db = self._run(lambda: sqlite3.connect(self._part, isolation_level=None, timeout=1.0))
        self._run(lambda: self._mark(self._db, first_run))

    async def _create(self) -> None:
        async with aiosqlite.connect(self._part, isolation_level=None) as db:
            await db.execute("PRAGMA journal_mode = WAL")
            await migrate(db, self._part)
            await make_views(db, self._part)

    def _mark(self, db: Any, first_run: str) -> None:
        db.execute("BEGIN EXCLUSIVE")
        db.execute(f"CREATE TABLE IF NOT EXISTS {UNFINISHED_COPY} (run_id TEXT NOT NULL) STRICT")
        found = db.execute(f"SELECT run_id FROM {UNFINISHED_COPY}").fetchall()
        if found and found != [(first_run,)]:
            raise HistoryError(f"{self._part} is the unfinished copy of another history: remove it and start again")
        if not found:
            db.execute(f"INSERT INTO {UNFINISHED_COPY} VALUES (?)", (first_run,))
        db.execute("COMMIT")

    def last_id(self, table: str) -> int:
        [row] = self._run(
            lambda: self._open().execute(f"SELECT COALESCE(MAX({COLUMNS[table][0]}), 0) FROM {table}").fetchall()
        )
        return int(row[0])

    def add(self, table: str, rows: Sequence[tuple[Any, ...]], *, replace: bool = False) -> None:
        self._run(lambda: self._add(self._open(), table, rows, replace))

    def _add(self, db: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]], replace: bool) -> None:
        columns = COLUMNS[table]
        db.execute("BEGIN IMMEDIATE")
        try:
            if replace:
                db.execute(f"DELETE FROM {table}")
            marks = ", ".join("?" * len(columns))
            db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def reader(self) -> Reader:
        self._reader = SqliteReader(self._part)
        return self._reader

    def finish(self) -> None:
        """Rename the file, once all of it is on the disk."""
        if self._reader is not None:
            self._reader.close()
        self._run(lambda: self._open().execute(f"DROP TABLE {UNFINISHED_COPY}"))
        self.close()
        try:
            for path in (self._part, self._part.parent):
                handle = os.open(path, os.O_RDONLY)
                os.fsync(handle)
                os.close(handle)
            if self._path.exists():
                raise HistoryError(file_appeared(self._path))
            self._part.rename(self._path)
        except OSError as error:
            raise HistoryError(file_not_written(self._path, error)) from error

    def _open(self) -> sqlite3.Connection:
        assert self._db is not None
        return self._db

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            raise HistoryError(explain(self._part, error)) from error

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
