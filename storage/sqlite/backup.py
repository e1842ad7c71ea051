"""A consistent copy of a SQLite history, taken while a desk writes it."""

import contextlib
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from storage.errors import HistoryError
from storage.messages import file_appeared, file_exists, file_not_written
from storage.rows import TABLES
from storage.sqlite.errors import explain
from storage.sqlite.migrations import APPLICATION_ID


class Backup(msgspec.Struct, frozen=True):
    """What was copied: ``size`` in bytes, and the rows of each table."""

    size: int
    rows: Mapping[str, int]


def back_up(source: Path, target: Path) -> Backup:
    """Copy the history at ``source`` as it is at one moment into the new file ``target`` (0600), checked and synced.

    The writer does not wait. ``target`` exists afterwards only when the whole copy is good. Raises HistoryError when
    there is no history, when ``target`` exists, or when the copy failed or is damaged.
    """
    if not source.is_file():
        raise HistoryError(f"there is no history {source}: nothing was backed up")
    if target.exists():
        raise HistoryError(file_exists(target))
    part = target.with_name(target.name + ".part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise HistoryError(
            f"{part} exists: another backup is running, or one broke off; remove it if none is running"
        ) from None
    except OSError as exc:
        raise HistoryError(file_not_written(part, exc)) from exc
    try:
        _copy(source, part)
        rows = _count_rows(part)
        _sync(part)
        if target.exists():
            raise HistoryError(file_appeared(target))
        part.rename(target)
        _sync(target.parent)
    except OSError as exc:
        raise HistoryError(file_not_written(target, exc)) from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return Backup(target.stat().st_size, rows)


def _copy(source: Path, part: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as db:
            [application] = db.execute("PRAGMA application_id").fetchone()
            if application != APPLICATION_ID:
                raise HistoryError(f"{source} is not a history of this program: nothing was backed up")
            db.execute("VACUUM INTO ?", (str(part),))
    except sqlite3.Error as exc:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        blamed = part if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) else source
        raise HistoryError(explain(blamed, exc)) from exc


def _count_rows(part: Path) -> dict[str, int]:
    try:
        with closing(sqlite3.connect(f"{part.absolute().as_uri()}?mode=ro", uri=True)) as db:
            found = [row[0] for row in db.execute("PRAGMA quick_check(3)")]
            if found != ["ok"]:
                raise HistoryError(f"the copy was damaged and is deleted; check the history: {'; '.join(found)}")
            return {table.name: db.execute(f"SELECT COUNT(*) FROM {table.name}").fetchone()[0] for table in TABLES}
    except sqlite3.Error as exc:
        raise HistoryError(explain(part, exc)) from exc


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
