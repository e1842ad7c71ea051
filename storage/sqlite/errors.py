"""What SQLite's errors mean to the person at the desk."""

import errno
import sqlite3
from pathlib import Path

_SAID: dict[int, str] = {
    sqlite3.SQLITE_BUSY: "is locked by another program: close it, and the desk goes on by itself",
    sqlite3.SQLITE_LOCKED: "is locked by another program: close it, and the desk goes on by itself",
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full: free some space, and the desk goes on by itself",
    sqlite3.SQLITE_READONLY: "is read-only: make the file and its directory writable for the user of the desk",
    sqlite3.SQLITE_PERM: "may not be opened: make the file and its directory writable for the user of the desk",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: its directory must exist and be writable for the user of the desk",
    sqlite3.SQLITE_IOERR: "cannot be read or written: check the disk",
    sqlite3.SQLITE_CORRUPT: "is damaged: move it away to start a new one, and keep it for recovery",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database: move it away, or point COCKPIT_STATE_DIR to another directory",
}

_LIKE = {
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EIO: sqlite3.SQLITE_IOERR,
}


def explain(path: Path, error: Exception) -> str:
    """One sentence: what is wrong with the history at ``path``, and what to do."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, OSError):
        code = _LIKE.get(error.errno or 0, sqlite3.SQLITE_CANTOPEN)
    said = _SAID.get(code & 0xFF) if isinstance(code, int) else None
    if said is None:
        return f"the history {path} failed: {error}"
    return f"the history {path} {said} ({error})"
