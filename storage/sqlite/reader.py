"""Reading a history beside the desk that writes it: one consistent picture, never a lock that the desk waits for."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, Self

import msgspec

from storage.history import HistoryError
from storage.migrations import SCHEMA, scripts
from storage.rows import TABLES
from storage.sqlite.errors import explain

LATER_NS = 2**63 - 1


class Span(msgspec.Struct, frozen=True):
    """A stretch of time, UTC ns: ``from_ns`` is in it, ``to_ns`` is not."""

    from_ns: int
    to_ns: int


class RunRow(msgspec.Struct, frozen=True):
    """One run as recorded; its last sign of life is at ``last_write_ns``."""

    run_id: str
    mode: str
    account: str
    started_ns: int
    last_write_ns: int
    ended_ns: int | None

    @property
    def span(self) -> Span:
        """From its start to its last write, that one included."""
        return Span(self.started_ns, self.last_write_ns + 1)


class Reader(Protocol):
    """Rows of the history's tables by SQL that every engine accepts; ``?`` stands for a value."""

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows; HistoryError when the store fails."""
        ...


class SqliteReader:
    """A history file opened for reading only, as it was when the first row was read.

    Raises HistoryError when there is none, when it is damaged or somebody else's, or of another version's schema.
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
                self._check()
                self._db.execute("BEGIN")
            except BaseException:
                self._db.close()
                raise
        except sqlite3.Error as exc:
            raise HistoryError(explain(path, exc)) from exc

    def _check(self) -> None:
        [version] = self._db.execute("PRAGMA user_version").fetchone()
        known = len(scripts(SCHEMA))
        if version < known:
            raise HistoryError(
                f"the history {self._path} has schema {version} and this program reads {known}: "
                "start a desk on it once, which brings it up to date"
            )
        if version > known:
            raise HistoryError(f"the history {self._path} was written by a newer version: update the program")

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows; HistoryError when the file cannot be read."""
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.Error as exc:
            raise HistoryError(explain(self._path, exc)) from exc

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def runs(reader: Reader) -> list[RunRow]:
    """Every run, the oldest first."""
    columns = ", ".join(RunRow.__struct_fields__)
    return [RunRow(*row) for row in reader.rows(f"SELECT {columns} FROM runs ORDER BY seq")]


def row_counts(reader: Reader) -> dict[str, int]:
    """Rows of each topic's table; every row is counted."""
    counts = ", ".join(f"(SELECT COUNT(*) FROM {table.name})" for table in TABLES)
    [row] = reader.rows(f"SELECT {counts}")
    return dict(zip((table.name for table in TABLES), row, strict=True))


def find_run(reader: Reader, name: str) -> RunRow:
    """The run of this id, or of a prefix that only one has, or the ``last``; HistoryError when there is none."""
    every = runs(reader)
    if not every:
        raise HistoryError("the history holds no run yet")
    if name == "last":
        return every[-1]
    found = [run for run in every if run.run_id == name] or [run for run in every if run.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    newest = ", ".join(run.run_id for run in every[-3:])
    many = "no run" if not found else f"{len(found)} runs"
    raise HistoryError(f"{many} begin with {name}; the newest are {newest} (`last` names the newest)")
