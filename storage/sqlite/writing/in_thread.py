"""The transactions of a history written by a thread of this process: for programs that do not trade meanwhile."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storage.sqlite.writing.transaction import Group, connect, write


class WritingThread:
    """Writes into the file at ``path``; waits for a lock of another program for up to ``busy_timeout_s`` seconds."""

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._db: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    async def open(self) -> None:
        # One thread: a write that was given up ends before the next one starts.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        try:
            self._db = await asyncio.get_running_loop().run_in_executor(
                self._thread, connect, self._path, self._busy_timeout_s
            )
        except BaseException:
            self._thread.shutdown()
            raise

    async def write(self, groups: AsyncIterator[Group], at_ns: int, run_id: str) -> int:
        taken = [group async for group in groups]
        assert self._db is not None
        return await asyncio.get_running_loop().run_in_executor(self._thread, write, self._db, taken, at_ns, run_id)

    async def close(self) -> None:
        db, thread, self._db, self._thread = self._db, self._thread, None, None
        if db is None or thread is None:
            return
        await asyncio.get_running_loop().run_in_executor(thread, db.close)
        thread.shutdown()
