"""A real SQLite history whose file can be kept from growing: SQLite then answers as on a full disk."""

import asyncio
from pathlib import Path

from storage.sqlite.history import SqliteHistory
from storage.sqlite.writing.in_thread import WritingThread


class _Thread(WritingThread):
    async def limit(self, pages: str) -> None:
        assert self._db is not None
        await asyncio.get_running_loop().run_in_executor(
            self._thread, self._db.execute, f"PRAGMA max_page_count = {pages}"
        )


class SmallDisk(SqliteHistory):
    def __init__(self, path: Path) -> None:
        super().__init__(path, writing=self._made)

    def _made(self, path: Path, busy_timeout_s: float) -> _Thread:
        self._thread = _Thread(path, busy_timeout_s)
        return self._thread

    async def shrink(self) -> None:
        """Let the file have no page more than it has."""
        [row] = await self._connection().execute_fetchall("PRAGMA page_count")
        await self._thread.limit(str(row[0]))

    async def grow(self) -> None:
        await self._thread.limit("1000000")
