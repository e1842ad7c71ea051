"""Bringing a PostgreSQL database to the newest schema, all versions in one transaction, under a lock."""

from pathlib import Path
from typing import Any

from storage import migrations
from storage.errors import HistoryError
from storage.messages import ANOTHER_DATABASE
from storage.postgres.address import DatabaseAddress

SCHEMA = migrations.SCHEMAS / "postgres"
LOCK = 0x4E494348_4D494752
"""Held while the schema is read and changed ("NICHMIGR"), so that two programs do it one after the other."""


async def migrate(db: Any, where: DatabaseAddress, folder: Path = SCHEMA) -> None:
    """Bring the database to the newest version this program knows.

    Raises HistoryError when it is newer than the program or belongs to another program; asyncpg's errors as they come.
    """
    known = migrations.scripts(folder)
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        version = await _version(db, where)
        for number, sql in migrations.outstanding(known, version, where=where, otherwise=ANOTHER_DATABASE):
            await db.execute(sql)
            await db.execute("UPDATE history_schema SET version = $1", number)


async def _version(db: Any, where: DatabaseAddress) -> int:
    """Return the version on record; 0 for an empty database, which becomes marked as a history of this program."""
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
