"""The schema's versions: numbered SQL files, applied forward only, each in one transaction."""

import re
from pathlib import Path

import aiosqlite

from storage.history import HistoryError

SCHEMA = Path(__file__).parent / "schema"
APPLICATION_ID = 0x4E494348
"""Marks a SQLite file as a history of this program ("NICH")."""


def scripts(folder: Path) -> list[str]:
    """The text of 001_….sql, 002_….sql, … in order; ValueError when a number is missing or doubled."""
    files = sorted(folder.glob("[0-9][0-9][0-9]_*.sql"))
    numbers = [int(file.name[:3]) for file in files]
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        raise ValueError(f"schema files in {folder} must be numbered 001, 002, … without a gap")
    return [file.read_text("utf-8") for file in files]


async def migrate(db: aiosqlite.Connection, path: Path, folder: Path = SCHEMA) -> None:
    """Bring the database to the newest version this program knows.

    Raises HistoryError when the database is newer than the program or is somebody else's; sqlite3.Error as it comes.
    """
    steps = scripts(folder)
    version = await _pragma(db, "user_version")
    if version > len(steps):
        raise HistoryError(
            f"the history {path} was written by a newer version of this program (schema {version}, this one knows "
            f"{len(steps)}): update the program, or point COCKPIT_STATE_DIR to another directory"
        )
    if await _is_foreign(db):
        raise HistoryError(
            f"{path} is a database of another program: move it away, or point COCKPIT_STATE_DIR to another directory"
        )
    for number, sql in enumerate(steps[version:], start=version + 1):
        try:
            await db.executescript(
                f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA application_id = {APPLICATION_ID};\n"
                f"PRAGMA user_version = {number};\nCOMMIT;"
            )
        except BaseException:
            await db.rollback()
            raise


async def _is_foreign(db: aiosqlite.Connection) -> bool:
    if await _pragma(db, "application_id") == APPLICATION_ID:
        return False
    rows = await db.execute_fetchall("SELECT 1 FROM sqlite_master LIMIT 1")
    return bool(list(rows))


async def _pragma(db: aiosqlite.Connection, name: str) -> int:
    if not re.fullmatch("[a-z_]+", name):
        raise ValueError(name)
    [row] = await db.execute_fetchall(f"PRAGMA {name}")
    return int(row[0])
