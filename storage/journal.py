"""A journal on the desk's own disk of what could not be written to the database yet, in order.

Each record is one write, followed by fsync: magic, length, CRC-32, JSON. A record that a crash tore is the last one and
was never acknowledged; it is cut off. Anything else that cannot be read stops the start, because events would be lost.
"""

import os
import secrets
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cockpit.model.errors import NOT_READABLE
from cockpit.model.events import AnyEvent
from storage.errors import HistoryError

_FILE = b"NICJ0001"
_RECORD = b"NICR"
_HEAD = struct.Struct("<4sII")
_NAME_BYTES = 32
START = len(_FILE) + _NAME_BYTES + 1
"""The byte at which the first record starts."""

MAX_BYTES = 4 * 2**30
FREE_BYTES = 256 * 2**20
"""Room left on the disk, so that the desk's log and its last writes still fit."""


class JournalEntry(msgspec.Struct, frozen=True):
    """What one transaction of the database will be: the run's events, its heartbeat at ``alive_ns``, or its end.

    The fields' names are the file's format.
    """

    run_id: str
    alive_ns: int
    ended: bool
    events: tuple[AnyEvent, ...]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(JournalEntry).decode


def _encodable(value: object) -> object:
    # Half a surrogate pair has no encoding.
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _encodable(inner) for key, inner in value.items()}
    return [_encodable(inner) for inner in value] if isinstance(value, list | tuple) else value


class Journal:
    """The file at ``path``, 0600. All methods block, and raise HistoryError when the disk or the file is at fault.

    ``events``: how many wait in it.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, free_bytes: int = FREE_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._free_bytes = free_bytes
        self._file = -1
        self.name = ""
        self.size = START
        self.events = 0

    @property
    def empty(self) -> bool:
        return self.size == START

    def waiting(self) -> bool:
        """Return whether a file that is not open here holds anything; does not create it."""
        try:
            return self.path.stat().st_size > START
        except FileNotFoundError:
            return False

    def open(self) -> None:
        """Create the file, or take over what the previous run left in it."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            os.fchmod(self._file, 0o600)
            head = os.pread(self._file, START, 0)
            if len(head) < START and _FILE.startswith(head[: len(_FILE)]):
                head = self._create()
            if not head.startswith(_FILE) or not head.endswith(b"\n"):
                raise HistoryError(f"{self.path} is not a desk's journal: move it away and start again")
            self.name = head[len(_FILE) : -1].decode("ascii", "replace")
            self._find_end()
        except OSError as error:
            raise self._failed(error) from error

    def _create(self) -> bytes:
        head = _FILE + secrets.token_hex(_NAME_BYTES // 2).encode() + b"\n"
        os.pwrite(self._file, head, 0)
        os.ftruncate(self._file, START)
        os.fsync(self._file)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return head

    def _find_end(self) -> None:
        self.size, self.events = START, 0
        for entry, end in self._records(START):
            self.size = end
            self.events += len(entry.events)
        rest = os.fstat(self._file).st_size - self.size
        if rest and self._valid_record_after(self.size + 1):
            raise HistoryError(
                f"the journal {self.path} is damaged at byte {self.size}, and later events exist nowhere else: "
                "keep the file, move it away and start again"
            )
        if rest:
            os.ftruncate(self._file, self.size)
            os.fsync(self._file)

    def append(self, entry: JournalEntry) -> None:
        """Make the entry durable; on an error the file stays as it was."""
        try:
            payload = _encode(entry)
        except UnicodeEncodeError:
            payload = _encode(_encodable(msgspec.to_builtins(entry)))
        record = _HEAD.pack(_RECORD, len(payload), zlib.crc32(payload)) + payload
        try:
            self._check_room(len(record))
            view, at = memoryview(record), self.size
            while view:
                written = os.pwrite(self._file, view, at)
                view, at = view[written:], at + written
            os.fsync(self._file)
        except OSError as error:
            self._undo()
            raise self._failed(error) from error
        self.size += len(record)
        self.events += len(entry.events)

    def _check_room(self, wanted: int) -> None:
        if self.size + wanted > self._max_bytes:
            raise HistoryError(
                f"the journal {self.path} is at its limit of {self._max_bytes >> 20} MiB: restore the database"
            )
        disk = os.fstatvfs(self._file)
        if disk.f_bavail * disk.f_frsize < wanted + self._free_bytes:
            raise HistoryError(f"the journal {self.path} cannot grow, the disk is nearly full: free some space")

    def _undo(self) -> None:
        try:
            os.ftruncate(self._file, self.size)
        except OSError:
            return

    def read(self, at: int) -> tuple[JournalEntry, int] | None:
        """Return the entry that starts at this byte, and the byte after it; None at the end."""
        try:
            return next(self._records(at, self.size), None)
        except OSError as error:
            raise self._failed(error) from error

    def clear(self) -> None:
        """Delete every record, once the database has them."""
        try:
            os.ftruncate(self._file, START)
            os.fsync(self._file)
        except OSError as error:
            raise self._failed(error) from error
        self.size, self.events = START, 0

    def close(self) -> None:
        """Close the file; harmless when it is not open."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _records(self, at: int, limit: int | None = None) -> Iterator[tuple[JournalEntry, int]]:
        while limit is None or at < limit:
            entry = self._record(at)
            if entry is None:
                return
            yield entry
            at = entry[1]

    def _record(self, at: int) -> tuple[JournalEntry, int] | None:
        head = os.pread(self._file, _HEAD.size, at)
        if len(head) < _HEAD.size:
            return None
        magic, length, crc = _HEAD.unpack(head)
        if magic != _RECORD or length > self._max_bytes:
            return None
        payload = os.pread(self._file, length, at + _HEAD.size)
        if len(payload) < length or zlib.crc32(payload) != crc:
            return None
        try:
            return _decode(payload), at + _HEAD.size + length
        except NOT_READABLE as error:
            raise HistoryError(
                f"the journal {self.path} was written by another version of this program: start that version once"
            ) from error

    def _valid_record_after(self, at: int) -> bool:
        step, overlap = 1 << 20, len(_RECORD) - 1
        while piece := os.pread(self._file, step + overlap, at):
            found = piece.find(_RECORD)
            while found >= 0:
                if self._record(at + found) is not None:
                    return True
                found = piece.find(_RECORD, found + 1)
            at += step
        return False

    def _failed(self, error: OSError) -> HistoryError:
        return HistoryError(f"the journal {self.path} cannot be used ({error.strerror or error}): check the disk")
