"""Whether a SQLite history is intact, checked without keeping a desk waiting for a large one."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from storage.sqlite.errors import explain
from storage.threads import in_thread

log = logging.getLogger(__name__)

SMALL_BYTES = 64 * 2**20
"""A file up to this size is checked before the desk starts: it takes a few tenths of a second."""

CHECK_AFTER_S = 10.0
"""How long after its opening a larger file is checked: until then the start of a desk reads it."""

QUICK_CHECK = "PRAGMA quick_check(3)"


def damage_in(path: Path, rows: Iterable[Sequence[object]]) -> str:
    """Say what is wrong with the file by the rows that ``QUICK_CHECK`` gave; empty when nothing is."""
    found = [" ".join(str(row[0]).removeprefix("*** in database main ***").split()) for row in rows]
    if found == ["ok"]:
        return ""
    return (
        f"the history is damaged ({'; '.join(found)[:300]}): stop the desk, keep {path} for recovery, then "
        "put a `cockpit backup` in its place or start a new one"
    )


class IntegrityCheck:
    """The check of one file. ``damage``: what is wrong with it, empty while nothing was found."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self.damage = ""

    def start(self, after_s: float) -> None:
        self._task = asyncio.create_task(self._run(after_s), name="history-check")

    async def _run(self, after_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(after_s):
                await self._ending.wait()
        if not self._ending.is_set():
            await in_thread(self._check)
        if self.damage:
            log.error("%s", self.damage)

    def _check(self) -> None:
        try:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=5.0, check_same_thread=False)) as db:
                self._db = db
                if self._ending.is_set():
                    return
                self.damage = damage_in(self._path, db.execute(QUICK_CHECK).fetchall())
        except sqlite3.Error as error:
            if not self._ending.is_set():
                self.damage = explain(self._path, error)
        finally:
            self._db = None

    async def stop(self) -> None:
        """Interrupt the check when it still runs."""
        self._ending.set()
        while self._task is not None and not self._task.done():
            if self._db is not None:
                self._db.interrupt()
            await asyncio.wait({self._task}, timeout=0.05)
