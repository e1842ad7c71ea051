"""The history in one SQLite file, written through a single aiosqlite connection."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import aiosqlite

from cockpit.model.events import AnyEvent
from cockpit.model.giving_way import give_way
from storage import queries
from storage.errors import HistoryError, RefusedDataError
from storage.history import HEALTHY, HistoryHealth, PreviousRun, Run
from storage.messages import ANOTHER_DIRECTORY, already_open, not_open
from storage.reads import HistoryReads
from storage.retention import PruneProgress
from storage.rows import ROWS_PER_SLICE, Table, by_table
from storage.set_aside import SUFFIX, SetAside, write_apart
from storage.sqlite.errors import explain
from storage.sqlite.integrity import CHECK_AFTER_S, QUICK_CHECK, SMALL_BYTES, IntegrityCheck, damage_in
from storage.sqlite.migrations import SCHEMA, migrate
from storage.sqlite.runs import start_run
from storage.sqlite.views import make_views
from storage.sqlite.writing.in_thread import WritingThread
from storage.sqlite.writing.transaction import CHECKPOINT_PAGES, Group
from storage.threads import in_thread

REFUSALS = (sqlite3.DataError, sqlite3.IntegrityError, OverflowError, UnicodeError)
"""What SQLite and its driver raise for what is in a row."""

_END = "UPDATE runs SET last_write_ns = MAX(last_write_ns, ?1), ended_ns = ?1 WHERE run_id = ?2"


class Writing(Protocol):
    """Who writes the transactions of an open history: WritingThread or WritingProcess."""

    async def open(self) -> None: ...

    async def write(self, groups: AsyncIterator[Group], at_ns: int, run_id: str) -> int:
        """Write the groups in one transaction, with a heartbeat, and return how many rows were new."""
        ...

    async def close(self) -> None: ...


class SqliteHistory(HistoryReads):
    """The History at ``path``, in WAL mode; waits for a lock of another program for up to ``busy_timeout_s`` seconds.

    ``writing``: who writes what the desk records. ``duplicates``: rows that existed already, since the opening:
    retries, or ids used twice.
    """

    def __init__(
        self,
        path: Path,
        *,
        writing: Callable[[Path, float], Writing] = WritingThread,
        busy_timeout_s: float = 1.0,
        schema: Path = SCHEMA,
        small_bytes: int = SMALL_BYTES,
        check_after_s: float = CHECK_AFTER_S,
    ) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._writing = writing(path, busy_timeout_s)
        self._schema = schema
        self._small_bytes = small_bytes
        self._check_after_s = check_after_s
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
                    await self._writing.open()
                except BaseException:
                    await db.close()
                    raise
            self._db = db
            self._run_id = run.run_id
            if not small and (previous is None or not previous.clean):
                self._integrity.start(self._check_after_s)
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
        inserted = await self._written(self._groups_of(groups), batch[-1].at_ns)
        self.duplicates += len(batch) - inserted

    async def _written(self, groups: AsyncIterator[Group], at_ns: int) -> int:
        async with self._turn:
            with self._explained():
                self._connection()
                self._check_intact()
                return await self._writing.write(groups, at_ns, self._run_id)

    async def _groups_of(self, groups: Sequence[tuple[Table, Sequence[AnyEvent]]]) -> AsyncIterator[Group]:
        for table, events in groups:
            for first in range(0, len(events), ROWS_PER_SLICE):
                rows = [table.row(self._run_id, event) for event in events[first : first + ROWS_PER_SLICE]]
                yield table.name, table.columns, rows
                await give_way()

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
        await self._written(_no_rows(), at_ns)

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
        await self._writing.close()
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
        await db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
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


async def _no_rows() -> AsyncIterator[Group]:
    none: tuple[Group, ...] = ()
    for group in none:
        yield group


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
