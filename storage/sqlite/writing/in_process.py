"""The transactions of a history written by a process of its own: SQLite then takes neither the desk's interpreter nor
its turn on the processor.
"""

import asyncio
import contextlib
import logging
import marshal
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

from storage.errors import HistoryError
from storage.sqlite.writing.framing import LENGTH, framed
from storage.sqlite.writing.transaction import Group
from storage.threads import in_thread

log = logging.getLogger(__name__)

KEPT_OF_THE_ENVIRONMENT = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH", "SQLITE_TMPDIR", "TMPDIR")
"""The rest may hold keys, and the process needs none."""
SENT_AT_ONCE = 64 * 1024
"""Bytes: each sending wakes the process, which costs more than the copying."""
NICER = 5
"""By how much its priority is lower than the desk's."""
CHILD = "storage.sqlite.writing.child"
START_WITHIN_S = 20.0
END_WITHIN_S = 5.0
ENDED = "the process that writes the history ended before it answered; it is started again"
_KINDS: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        sqlite3.DataError,
        sqlite3.DatabaseError,
        sqlite3.Error,
        sqlite3.IntegrityError,
        sqlite3.InterfaceError,
        sqlite3.InternalError,
        sqlite3.NotSupportedError,
        sqlite3.OperationalError,
        sqlite3.ProgrammingError,
        OverflowError,
        TypeError,
        ValueError,
    )
}


class WritingProcess:
    """Starts the process, hands it rows and waits for its word. One that ended is started anew by the next write.

    A write whose process ends before it answered may be in the file or not: written again it is there once.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._line: _Line | None = None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def open(self) -> None:
        """Start the process and wait until it has the file open. Raises what SQLite raised there, and HistoryError."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                # From the loop's own thread: the kernel ends the process together with the thread that started it.
                self._process = _started(self._path, self._busy_timeout_s, theirs)
            ours.setblocking(False)
            _, self._line = await asyncio.get_running_loop().create_connection(_Line, sock=ours)
        except OSError as error:
            ours.close()
            raise HistoryError(f"the process that writes the history cannot be started: {error}") from error
        try:
            async with asyncio.timeout(START_WITHIN_S):
                await self._line.answer()
        except TimeoutError:
            self._kill()
            raise HistoryError(
                f"the process that writes the history was not ready within {START_WITHIN_S:g} s: check the disk"
            ) from None
        except BaseException:
            self._kill()
            raise

    async def write(self, groups: AsyncIterator[Group], at_ns: int, run_id: str) -> int:
        """Hand over the groups and commit them. Raises what SQLite raised there, and HistoryError when it ended."""
        line = await self._living()
        try:
            waiting = bytearray()
            async for group in groups:
                waiting += framed(group)
                if len(waiting) >= SENT_AT_ONCE:
                    line.send(bytes(waiting))
                    waiting.clear()
        except BaseException:
            line.send(framed(None))
            raise
        try:
            waiting += framed((at_ns, run_id))
            line.send(bytes(waiting))
            return await line.answer()
        except asyncio.CancelledError:
            # Its late answer must not be taken for that of the next write.
            self._kill()
            raise

    async def close(self) -> None:
        """End the process once it has written what it was given; it is killed when that takes too long."""
        if self._line is not None:
            self._line.close()
        await self._reap(END_WITHIN_S)

    async def _living(self) -> "_Line":
        if self._line is None or self._line.ended:
            self._kill()
            log.error("the process that writes the history ended (%s); it is started again", await self._reap(0))
            await self.open()
        assert self._line is not None
        return self._line

    async def _reap(self, within_s: float) -> str:
        """Wait for its exit, kill it when that takes longer, and say how it ended."""
        process, self._process, self._line = self._process, None, None
        if process is None:
            return "not running"
        for seconds in (within_s, END_WITHIN_S):
            try:
                return f"exit code {await in_thread(process.wait, seconds)}"
            except subprocess.TimeoutExpired:
                process.kill()
        return "it waits for the disk and cannot be killed"

    def _kill(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()


def _started(path: Path, busy_timeout_s: float, line: socket.socket) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", CHILD, str(path.absolute()), str(busy_timeout_s), str(os.getpid())],
        stdin=line.fileno(),
        stdout=line.fileno(),
        env={name: os.environ[name] for name in KEPT_OF_THE_ENVIRONMENT if name in os.environ},
    )
    # What it does may wait a few milliseconds; a request may not.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICER)
    return process


class _Line(asyncio.Protocol):
    """The socket to the process: rows go out, an answer comes once it is ready and for each commit."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._heard = bytearray()
        self._answers: asyncio.Queue[tuple[int, tuple[str, int | None, str] | None] | None] = asyncio.Queue()
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What uvloop hands over is no subclass of it.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while len(self._heard) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._heard)[0]
            if len(self._heard) < end:
                return
            self._answers.put_nowait(marshal.loads(self._heard[LENGTH.size : end]))
            del self._heard[:end]

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self._answers.put_nowait(None)

    def send(self, data: bytes) -> None:
        if self._transport is not None and not self.ended:
            self._transport.write(data)

    async def answer(self) -> int:
        """Return how many rows were new by its next answer, or raise its error."""
        answer = await self._answers.get()
        if answer is None:
            raise HistoryError(ENDED)
        inserted, error = answer
        if error is not None:
            raise _raised(*error)
        return inserted

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _raised(kind: str, code: int | None, text: str) -> Exception:
    if kind == "OSError":
        return OSError(code, text)
    error = _KINDS.get(kind, sqlite3.DatabaseError)(text)
    if isinstance(error, sqlite3.Error) and code is not None:
        vars(error)["sqlite_errorcode"] = code
    return error
