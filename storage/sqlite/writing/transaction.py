"""One transaction of a desk's rows. It needs nothing but SQLite, so that a process of its own starts at once."""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

Values = tuple[str | int | None, ...]
Group = tuple[str, tuple[str, ...], list[Values]]
"""A table, its columns, and rows of it."""

HEARTBEAT = "UPDATE runs SET last_write_ns = MAX(last_write_ns, ?) WHERE run_id = ?"

ROWS_PER_STATEMENT = (64, 8, 1)
"""The largest that the rows left fill. In the desk's own process each step of SQLite hands the interpreter over and
back, so a row must not take a step of its own; a statement's text is parsed once and kept."""

CHECKPOINT_PAGES = 4_000
"""Pages in the WAL (16 MB) from which on a commit copies them into the file; all who write must say so.

Many change again with the next transactions, so that SQLite's own limit of 1,000 copies more. With 8,000 a copying
could take two seconds on a disk of 3,000 writes a second, and the history would count as failing.
"""


def connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """Open a history that exists, to write into it. Raises sqlite3.Error."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=busy_timeout_s, check_same_thread=False)
    # A commit waits for the disk: signed quotes that a power cut took would not be waited for by the next run.
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    # A statement of several rows notes what it changes, to undo it alone: in memory, not in a file of its own.
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def write(db: sqlite3.Connection, groups: Iterable[Group], at_ns: int, run_id: str) -> int:
    """Insert the rows and record that the run went on at ``at_ns``: all of it or nothing.

    Returns how many rows were new; those that exist already stay as they are. Raises what the driver raises.
    """
    if db.in_transaction:
        db.rollback()
    db.execute("BEGIN IMMEDIATE")
    try:
        before = db.total_changes
        for table, columns, rows in groups:
            try:
                _insert(db, table, columns, rows)
            except UnicodeEncodeError:
                _insert(db, table, columns, [tuple(map(_encodable, row)) for row in rows])
        inserted = db.total_changes - before
        db.execute(HEARTBEAT, (at_ns, run_id))
        db.commit()
    except BaseException:
        db.rollback()
        raise
    return inserted


def _insert(db: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Sequence[Values]) -> None:
    first = 0
    for count in ROWS_PER_STATEMENT:
        end = first + (len(rows) - first) // count * count
        if end > first:
            several = [tuple(chain.from_iterable(rows[at : at + count])) for at in range(first, end, count)]
            db.executemany(_statement(table, columns, count), several)
            first = end


@lru_cache(maxsize=128)
def _statement(table: str, columns: tuple[str, ...], count: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * count)} ON CONFLICT DO NOTHING"


def _encodable(value: str | int | None) -> str | int | None:
    # Half a surrogate pair has no encoding.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
