"""The frame log of a venue: messages are queued without waiting and written by a thread of its own."""

import contextlib
import logging
import os
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, Protocol

import msgspec

from venue.sandbox.recording.frames import Dropped, End, Message, Start, encode, frame_of
from venue.sandbox.recording.masks import masked, masked_path, without_last_word

MOST_WAITING = 64 << 20
"""Bytes that wait to be written, above which messages are dropped and counted."""
MOST_BYTES = 8 << 30
"""Size at which a log ends: what comes later is dropped and counted."""
OVERHEAD = 512
"""What a message counts besides its content."""
EXISTS = "{path} exists; a frame log replaces no file: name another, or remove it"
logger = logging.getLogger("venue.sandbox")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a log holds: frames written, frames dropped, and why it can no longer be written, empty if it can."""

    frames: int
    dropped: int
    problem: str


class Sink(Protocol):
    """Takes what passes between the venue and its clients."""

    @property
    def tally(self) -> Tally: ...

    def add(self, message: Message) -> None: ...


def line_of(message: Message) -> bytes:
    """Return the line of a log that holds the message, without its secrets."""
    path = None if message.path is None else masked_path(message.path)
    content = without_last_word(message.content) if message.cut else message.content
    return encode(frame_of(msgspec.structs.replace(message, content=masked(content), path=path)))


class FrameLog:
    """Writes a new file of mode 0600. ``add`` never waits: beyond ``most_waiting`` bytes it drops the message.

    Raises FileExistsError when something has the name already, OSError when the file cannot be made.
    """

    def __init__(
        self, path: Path, start: Start, *, most_waiting: int = MOST_WAITING, most_bytes: int = MOST_BYTES
    ) -> None:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            raise FileExistsError(EXISTS.format(path=path)) from None
        self.path = path
        self._file: BinaryIO = os.fdopen(handle, "wb")
        self._most_waiting = most_waiting
        self._most_bytes = most_bytes
        self._queue: SimpleQueue[Message | None] = SimpleQueue()
        # Each of these has one writer: the venue's loop or the thread.
        self._queued_bytes = 0
        self._refused = 0
        self._taken_bytes = 0
        self._frames = 0
        self._lost = 0
        self._size = 0
        self._told = 0
        self._problem = ""
        self._closed = False
        self._write(encode(start))
        self._thread = threading.Thread(target=self._run, name="frame log", daemon=True)
        self._thread.start()

    @property
    def tally(self) -> Tally:
        return Tally(frames=self._frames, dropped=self._dropped, problem=self._problem)

    def add(self, message: Message) -> None:
        size = len(message.content) + OVERHEAD
        if self._closed or self._queued_bytes + size - self._taken_bytes > self._most_waiting:
            self._refused += 1
            return
        self._queued_bytes += size
        self._queue.put(message)

    def close(self) -> Tally:
        """Write what waits, say in the last line what the log holds, and close it."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
        return self.tally

    @property
    def _dropped(self) -> int:
        return self._refused + self._lost

    def _run(self) -> None:
        while (message := self._queue.get()) is not None:
            self._take(message)
            if self._queue.empty():
                self._flush()
        self._tell_dropped()
        self._write(encode(End(frames=self._frames, dropped=self._dropped)))
        self._flush()
        with contextlib.suppress(OSError):
            self._file.close()

    def _take(self, message: Message) -> None:
        self._taken_bytes += len(message.content) + OVERHEAD
        self._tell_dropped()
        if self._write(line_of(message)):
            self._frames += 1
        else:
            self._lost += 1

    def _tell_dropped(self) -> None:
        dropped = self._dropped
        if dropped > self._told and self._write(encode(Dropped(frames=dropped - self._told))):
            self._told = dropped

    def _write(self, line: bytes) -> bool:
        if not self._problem and self._size + len(line) > self._most_bytes:
            self._fail(f"it has reached {self._most_bytes} bytes")
        if self._problem:
            return False
        try:
            self._file.write(line)
        except OSError as error:
            self._fail(str(error))
            return False
        self._size += len(line)
        return True

    def _flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            self._fail(str(error))

    def _fail(self, problem: str) -> None:
        if not self._problem:
            self._problem = problem
            logger.error("the frame log cannot be written any more: %s", problem)
