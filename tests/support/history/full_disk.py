"""A real SQLite history whose file can be kept from growing: SQLite then answers as on a full disk."""

from storage.sqlite.history import SqliteHistory


class SmallDisk(SqliteHistory):
    async def shrink(self) -> None:
        """Let the file have no page more than it has."""
        [row] = await self._connection().execute_fetchall("PRAGMA page_count")
        await self._connection().execute_fetchall(f"PRAGMA max_page_count = {row[0]}")

    async def grow(self) -> None:
        await self._connection().execute_fetchall("PRAGMA max_page_count = 1000000")
