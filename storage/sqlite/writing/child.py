"""The process that writes a desk's history: it takes rows from its desk, commits them, and says what became of them.

Its standard input and output are one socket to the desk; each message is its length in four bytes, then an object. In:
a group of rows, a commit (the time and the run) or None, which drops the groups since the last commit. Out: once the
file is open, and for each commit, how many rows were new, or the error. It ends with its desk, whatever it is doing, so
that the next one finds what it left.
"""

import contextlib
import ctypes
import marshal
import os
import signal
import sqlite3
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from cockpit.model.processor.pauses import Pauses
from storage.sqlite.writing.framing import LENGTH, framed
from storage.sqlite.writing.transaction import Group, connect, write

_PR_SET_PDEATHSIG = 1
_ENDED = object()
STEPS = 300
"""Of SQLite's machine between two looks at the clock: some 0.05 ms."""
ANSWERED = (sqlite3.Error, OverflowError, OSError, ValueError, TypeError)
"""Errors after which the process can go on; the desk gets them as an answer."""


def main() -> None:
    path, busy_timeout_s, desk = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    # What ends the desk's terminal or asks the desk to stop is the desk's business: it has rows left to write.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _end_with(desk)
    with os.fdopen(0, "rb") as taken, os.fdopen(1, "wb") as told:
        _serve(path, busy_timeout_s, taken, told)


def _end_with(desk: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != desk:
        sys.exit(0)


def _serve(path: Path, busy_timeout_s: float, taken: BinaryIO, told: BinaryIO) -> None:
    try:
        db = connect(path, busy_timeout_s)
    except ANSWERED as error:
        _tell(told, 0, error)
        return
    pauses = Pauses()
    db.set_progress_handler(pauses, STEPS)
    _tell(told, 0)
    groups: list[Group] = []
    while (message := _next(taken)) is not _ENDED:
        if message is None:
            groups = []
        elif len(message) > 2:
            groups.append(message)
            pauses()
        else:
            _commit(db, pauses.among(groups), message, told)
            groups = []
            pauses.restart()


def _next(taken: BinaryIO) -> Any:
    try:
        return marshal.loads(taken.read(*LENGTH.unpack(taken.read(LENGTH.size))))
    except (EOFError, OSError, struct.error):
        return _ENDED


def _commit(db: sqlite3.Connection, groups: Iterable[Group], heartbeat: tuple[int, str], told: BinaryIO) -> None:
    try:
        inserted = write(db, groups, *heartbeat)
    except ANSWERED as error:
        _tell(told, 0, error)
    else:
        _tell(told, inserted)


def _tell(told: BinaryIO, inserted: int, error: Exception | None = None) -> None:
    answer = framed((inserted, None if error is None else _described(error)))
    # A desk that ended hears nothing; the next read says so.
    with contextlib.suppress(OSError):
        told.write(answer)
        told.flush()


def _described(error: Exception) -> tuple[str, int | None, str]:
    code = error.errno if isinstance(error, OSError) else getattr(error, "sqlite_errorcode", None)
    kind = "OSError" if isinstance(error, OSError) else type(error).__name__
    return kind, code, str(error)


if __name__ == "__main__":
    main()
