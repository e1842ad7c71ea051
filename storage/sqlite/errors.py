"""What SQLite's errors mean to an operator."""

import errno
import sqlite3
from pathlib import Path

from storage.messages import ANOTHER_DIRECTORY, RECOVERS

_CAUSES: dict[int, str] = {
    sqlite3.SQLITE_BUSY: f"is locked by another program: close it; {RECOVERS}",
    sqlite3.SQLITE_LOCKED: f"is locked by another program: close it; {RECOVERS}",
    sqlite3.SQLITE_FULL: f"cannot grow, the disk is full: free some space; {RECOVERS}",
    sqlite3.SQLITE_READONLY: "is read-only: make the file and its directory writable for the user of the desk",
    sqlite3.SQLITE_PERM: "may not be opened: make the file and its directory writable for the user of the desk",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: its directory must exist and be writable for the user of the desk",
    sqlite3.SQLITE_IOERR: "cannot be read or written: check the disk",
    sqlite3.SQLITE_CORRUPT: "is damaged: move it away to start a new one, and keep it for recovery",
    sqlite3.SQLITE_NOTADB: f"is not a SQLite database: move it away, or {ANOTHER_DIRECTORY}",
}

_LIKE = {
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EIO: sqlite3.SQLITE_IOERR,
}


def explain(path: Path, error: Exception) -> str:
    """Say in one sentence what is wrong with the history at ``path``, and what to do."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, OSError):
        code = _LIKE.get(error.errno or 0, sqlite3.SQLITE_CANTOPEN)
    cause = _CAUSES.get(code & 0xFF) if isinstance(code, int) else None
    if cause is None:
        return f"the history failed: {error} ({path})"
    # What it is about comes last: a line of the cockpit has room for the cause only.
    return f"the history {cause} ({path}: {error})"
