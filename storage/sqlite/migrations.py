"""Bringing a SQLite file to the newest schema, each version in one transaction."""

from pathlib import Path
from typing import Literal

import aiosqlite

from storage import migrations
from storage.errors import HistoryError
from storage.messages import ANOTHER_DIRECTORY

SCHEMA = migrations.SCHEMAS / "sqlite"
APPLICATION_ID = 0x4E494348
"""Marks a SQLite file as a history of this program ("NICH")."""


async def migrate(db: aiosqlite.Connection, path: Path, folder: Path = SCHEMA) -> None:
    """Bring the database to the newest version this program knows.

    Raises HistoryError when it is newer than the program or belongs to another program; sqlite3.Error as it comes.
    """
    version = await _pragma(db, "user_version")
    steps = migrations.outstanding(migrations.scripts(folder), version, where=path, otherwise=ANOTHER_DIRECTORY)
    if await _is_foreign(db):
        raise HistoryError(f"{path} is a database of another program: move it away, or {ANOTHER_DIRECTORY}")
    for number, sql in steps:
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


async def _pragma(db: aiosqlite.Connection, name: Literal["user_version", "application_id"]) -> int:
    [row] = await db.execute_fetchall(f"PRAGMA {name}")
    return int(row[0])
