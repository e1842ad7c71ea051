"""The history in one SQLite file, written through a single aiosqlite connection."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import aiosqlite

from cockpit.model.events import AnyEvent
from storage import queries
from storage.errors import HistoryError, RefusedDataError
from storage.history import HEALTHY, HistoryHealth, PreviousRun, Run
from storage.messages import ANOTHER_DIRECTORY, already_open, not_open
from storage.reads import HistoryReads
from storage.retention import PruneProgress
from storage.rows import ROWS_PER_SLICE, TABLES, Row, Table, Value, by_table
from storage.set_aside import SUFFIX, SetAside, write_apart
from storage.sqlite.errors import explain
from storage.sqlite.integrity import QUICK_CHECK, SMALL_BYTES, IntegrityCheck, damage_in
from storage.sqlite.migrations import SCHEMA, migrate
from storage.sqlite.runs import start_run
from storage.sqlite.views import make_views
from storage.threads import in_thread

REFUSALS = (sqlite3.DataError, sqlite3.IntegrityError, OverflowError, UnicodeError)
"""What SQLite and its driver raise for what is in a row."""

_HEARTBEAT = "UPDATE runs SET last_write_ns = MAX(last_write_ns, ?) WHERE run_id = ?"
_END = "UPDATE runs SET last_write_ns = MAX(last_write_ns, ?1), ended_ns = ?1 WHERE run_id = ?2"

ROWS_PER_STATEMENT = (64, 8, 1)
"""The largest that the rows left fill. Each step of SQLite hands the GIL over and back, which waits for the quote path
or delays it, so a row must not take a step of its own; a statement's text is parsed once and kept."""


def _insert(table: Table, count: int) -> str:
    """Return one statement for so many rows; rows that exist already stay as they are."""
    row = f"({', '.join('?' * len(table.columns))})"
    into = f"INSERT INTO {table.name} ({', '.join(table.columns)})"
    return f"{into} VALUES {', '.join([row] * count)} ON CONFLICT DO NOTHING"


_INSERT = {(table.name, count): _insert(table, count) for table in TABLES for count in ROWS_PER_STATEMENT}


class SqliteHistory(HistoryReads):
    """The History at ``path``, in WAL mode; waits for a lock of another program for up to ``busy_timeout_s`` seconds.

    ``duplicates``: rows that existed already, since the opening: retries, or ids used twice.
    """

    def __init__(
        self, path: Path, *, busy_timeout_s: float = 1.0, schema: Path = SCHEMA, small_bytes: int = SMALL_BYTES
    ) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._schema = schema
        self._small_bytes = small_bytes
        self._integrity = IntegrityCheck(path)
        self._set_aside = SetAside(path.with_name(path.name + SUFFIX))
        self._db: aiosqlite.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._run_id = ""
        self._turn = asyncio.Lock()
        self._pruned = PruneProgress()
        self.duplicates = 0

    async def open(self, run: Run) -> PreviousRun | None:
        """Create or migrate the file, refuse another mode or account, and start the run.

        A small file is refused when it is damaged. A large one is checked beside the running desk when the previous run
        broke off, and takes nothing more once damage is found.
        """
        async with self._turn:
            if self._db is not None:
                raise HistoryError(already_open(self._path))
            self._integrity = IntegrityCheck(self._path)
            with self._explained():
                self._file = _private_file(self._path)
                self._set_aside.look()
                small = self._path.stat().st_size <= self._small_bytes
                db = await aiosqlite.connect(self._path, isolation_level=None, timeout=self._busy_timeout_s)
                try:
                    previous = await self._start(db, run, check=small)
                except BaseException:
                    await db.close()
                    raise
            self._db = db
            self._run_id = run.run_id
            if not small and (previous is None or not previous.clean):
                self._integrity.start()
            return previous

    def _check_intact(self) -> None:
        if self._integrity.damage:
            raise HistoryError(self._integrity.damage)

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        if not batch:
            return
        refused = await write_apart(batch, self._write)
        if refused:
            await in_thread(self._set_aside.add, self._run_id, refused)

    async def _write(self, batch: Sequence[AnyEvent]) -> None:
        groups = by_table(batch)
        inserted = 0
        made = [(table, await self._rows_of(table, events)) for table, events in groups]
        async with self._transaction() as db:
            for table, rows in made:
                try:
                    inserted += await _insert_rows(db, table, rows)
                except UnicodeEncodeError:
                    inserted += await _insert_rows(db, table, [tuple(map(_encodable, row)) for row in rows])
            await db.execute(_HEARTBEAT, (batch[-1].at_ns, self._run_id))
        self.duplicates += len(batch) - inserted

    async def _rows_of(self, table: Table, events: Sequence[AnyEvent]) -> list[Row]:
        rows: list[Row] = []
        for first in range(0, len(events), ROWS_PER_SLICE):
            with self._explained():
                rows += [table.row(self._run_id, event) for event in events[first : first + ROWS_PER_SLICE]]
            await asyncio.sleep(0)
        return rows

    async def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        async with self._turn:
            with self._explained():
                return [tuple(row) for row in await self._connection().execute_fetchall(sql, values)]

    async def heartbeat(self, at_ns: int) -> None:
        """Record that the run goes on. Raises HistoryError also when the file was moved or deleted under the desk."""
        if self._file != _identity(self._path):
            raise HistoryError(
                f"the history was moved or deleted while in use: stop the desk, put {self._path} back and restart"
            )
        async with self._transaction() as db:
            await db.execute(_HEARTBEAT, (at_ns, self._run_id))

    async def prune(self, before_ns: int) -> bool:
        more = False
        async with self._transaction() as db:
            for table in queries.PRUNED_TABLES:
                from_ns = self._pruned.from_ns(table)
                last = [*await db.execute_fetchall(queries.PRUNE_STEP_END[table], (from_ns, before_ns))]
                to_ns = self._pruned.to_ns(table, last[0][0] if last else None, before_ns)
                await db.execute(queries.PRUNE[table], (from_ns, to_ns))
                self._pruned.done(table, to_ns)
                more |= bool(last)
        return more

    def health(self) -> HistoryHealth:
        # A write is in the file or has raised.
        return self._set_aside.judge(HEALTHY)

    async def close(self, at_ns: int | None) -> None:
        """End the run (cleanly when a time is given) and close the file; harmless when not open."""
        if self._db is None:
            return
        await self._integrity.stop()
        try:
            if at_ns is not None:
                async with self._transaction() as db:
                    await db.execute(_END, (at_ns, self._run_id))
        finally:
            db, self._db = self._db, None
            with self._explained():
                await db.close()

    async def _start(self, db: aiosqlite.Connection, run: Run, *, check: bool) -> PreviousRun | None:
        if check and (damage := damage_in(self._path, await db.execute_fetchall(QUICK_CHECK))):
            raise HistoryError(damage)
        [row] = await db.execute_fetchall("PRAGMA journal_mode = WAL")
        if row[0] != "wal":
            raise HistoryError(f"the file system of the history {self._path} has no WAL mode: {ANOTHER_DIRECTORY}")
        # A commit waits for the disk: signed quotes that a power cut took would not be waited for by the next run.
        await db.execute("PRAGMA synchronous = FULL")
        await migrate(db, self._path, self._schema)
        await make_views(db, self._path)
        return await start_run(db, self._path, run)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        async with self._turn:
            with self._explained():
                db = self._connection()
                self._check_intact()
                try:
                    if db.in_transaction:
                        await db.rollback()
                    await db.execute("BEGIN IMMEDIATE")
                    yield db
                    await db.commit()
                except BaseException:
                    await db.rollback()
                    raise

    def _connection(self) -> aiosqlite.Connection:
        if self._db is None:
            raise HistoryError(not_open(self._path))
        return self._db

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except HistoryError:
            raise
        except REFUSALS as error:
            raise RefusedDataError(explain(self._path, error)) from error
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            raise HistoryError(explain(self._path, error)) from error


async def _insert_rows(db: aiosqlite.Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows in their order and return how many were new."""
    inserted = first = 0
    for count in ROWS_PER_STATEMENT:
        end = first + (len(rows) - first) // count * count
        if end > first:
            several = [tuple(chain.from_iterable(rows[at : at + count])) for at in range(first, end, count)]
            cursor = await db.executemany(_INSERT[table.name, count], several)
            inserted += cursor.rowcount
            first = end
    return inserted


def _encodable(value: Value) -> Value:
    # Half a surrogate pair has no encoding.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _private_file(path: Path) -> tuple[int, int]:
    """Create the file (0600) and its directory (0700) where they are missing; return the file's device and inode.

    An existing directory stays as it is, but is refused when others may write in it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise HistoryError(f"others may write in {path.parent}, where the history is: run chmod 700 {path.parent}")
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(handle)
        if found.st_mode & 0o077:
            os.fchmod(handle, 0o600)
        return found.st_dev, found.st_ino
    finally:
        os.close(handle)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
