"""The PostgreSQL schema's versions: numbered SQL files, applied forward only, each in one transaction, under a lock."""

from pathlib import Path
from typing import Any

from storage.history import HistoryError
from storage.migrations import scripts
from storage.postgres.address import DatabaseAddress

SCHEMA = Path(__file__).parents[1] / "schema" / "postgres"
LOCK = 0x4E494348_4D494752
"""Held while the schema is looked at and changed ("NICHMIGR"), so that two programs do it one after the other."""


async def migrate(db: Any, where: DatabaseAddress, folder: Path = SCHEMA) -> None:
    """Bring the database to the newest version this program knows.

    Raises HistoryError when it is newer than the program or is somebody else's; asyncpg's errors as they come.
    """
    steps = scripts(folder)
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        version = await _version(db, where)
        if version > len(steps):
            raise HistoryError(
                f"the history {where} was written by a newer version of this program (schema {version}, this one knows "
                f"{len(steps)}): update the program, or point POSTGRES_URL to another database"
            )
        for sql in steps[version:]:
            await db.execute(sql)
        if version < len(steps):
            await db.execute("UPDATE history_schema SET version = $1", len(steps))


async def _version(db: Any, where: DatabaseAddress) -> int:
    """The version on record; 0 for an empty database, which is marked as a history of this program."""
    if await db.fetchval("SELECT to_regclass('history_schema')") is not None:
        return int(await db.fetchval("SELECT version FROM history_schema"))
    foreign = await db.fetchval("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() LIMIT 1")
    if foreign is not None:
        raise HistoryError(
            f"{where} holds tables of another program, such as {foreign}: point POSTGRES_URL to a database of its own"
        )
    await db.execute("CREATE TABLE history_schema (version INTEGER NOT NULL)")
    await db.execute("INSERT INTO history_schema (version) VALUES (0)")
    return 0
