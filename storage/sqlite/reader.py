"""Reading a SQLite history beside the desk that writes it, without a lock that the desk waits for."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.errors import HistoryError
from storage.migrations import check_readable
from storage.reader import Closing
from storage.sqlite.errors import explain
from storage.sqlite.migrations import SCHEMA


class SqliteReader(Closing):
    """A history file opened for reading only, as it was when the first row was read.

    Raises HistoryError when there is none, when it is damaged or not a history, or has another version's schema.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise HistoryError(f"there is no history {path}: name one with --history, or run a desk first")
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5.0
            )
            try:
                [version] = self._db.execute("PRAGMA user_version").fetchone()
                check_readable(version, SCHEMA, path)
                self._db.execute("BEGIN")
            except BaseException:
                self._db.close()
                raise
        except sqlite3.Error as error:
            raise HistoryError(explain(path, error)) from error

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise HistoryError(explain(self._path, error)) from error

    def close(self) -> None:
        self._db.close()
