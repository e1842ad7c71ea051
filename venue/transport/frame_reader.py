"""Takes the bytes of a websocket apart: whole text frames here, everything else by the library.

Nearly all that a relay sends is one short, unfragmented text frame a message. The library parses each in generators,
which take several times as long as decoding the request in it. What is no such frame (handshake, control frames,
fragments, long and unlawful frames) goes to the library byte by byte: it alone decides what ends a connection.
"""

from typing import NamedTuple

from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.http11 import Request, Response
from websockets.protocol import CONNECTING, OPEN

Received = bytes | Frame | Request | Response
"""A text message as bytes, else what the library made of it."""

MAX_KEPT = 64 * 1024
"""Bytes of a text frame that is waited for here; the library gathers longer ones."""

_END_OF_HANDSHAKE = b"\r\n\r\n"
_WHOLE_TEXT = 0x81
_LAST, _OPCODE = 0x80, 0x0F
_TEXT, _BINARY = 1, 2
_IN_2_BYTES, _MASKED = 126, 128
_UNLAWFUL = 2**64


class _Payload(NamedTuple):
    start: int
    end: int


class FrameReader:
    """Reads for one client. Whenever it reads a frame itself, ``protocol`` stands at the boundary of two."""

    def __init__(self, protocol: ClientProtocol, max_size: int) -> None:
        self._protocol = protocol
        self._most = min(MAX_KEPT, max_size)
        self._by_library = True
        self._kept = b""
        self._owed = 0
        self._fragmented = False

    def receive(self, data: bytes) -> list[Received]:
        """Return what these bytes complete, in their order; the library may have something to send afterwards."""
        if self._by_library:
            return self._open(data) if self._protocol.state is CONNECTING else self._feed(data)
        if self._protocol.state is not OPEN:
            return self._leave(data)
        # As a request comes as a rule: alone, and long enough for a length in two bytes.
        size = len(data)
        if (
            4 < size <= self._most
            and data[0] == _WHOLE_TEXT
            and data[1] == _IN_2_BYTES
            and data[2] << 8 | data[3] == size - 4
            and not (self._kept or self._owed or self._fragmented)
        ):
            return [data[4:]]
        return self._split(data)

    def receive_eof(self) -> None:
        """Take the end of the stream, also amid a frame."""
        if self._kept:
            self._leave(b"")
        self._protocol.receive_eof()

    def _open(self, data: bytes) -> list[Received]:
        """Feed the handshake. Frames are read here when it ends with bytes that are seen to be its end."""
        found_at = data.find(_END_OF_HANDSHAKE)
        if found_at < 0:
            return self._feed(data)
        end = found_at + len(_END_OF_HANDSHAKE)
        found = self._feed(data[: end - 1])
        if self._protocol.state is not CONNECTING:
            # It ended before: these bytes lie in a frame, whose boundaries only the library knows.
            return found + self._feed(data[end - 1 :])
        found += self._feed(data[end - 1 : end])
        self._by_library = self._protocol.state is not OPEN or bool(self._protocol.extensions)
        return found + self.receive(data[end:]) if end < len(data) else found

    def _split(self, data: bytes) -> list[Received]:
        found: list[Received] = []
        at = min(self._owed, len(data))
        if at:
            self._owed -= at
            found += self._feed(data[:at])
            if self._protocol.state is not OPEN:
                return found + self._leave(data[at:])
        elif self._kept:
            data, self._kept = self._kept + data, b""
        size = len(data)
        while at < size:
            payload = _payload(data, at)
            if payload is None:
                self._kept = data[at:]
                break
            start, end = payload
            if data[at] == _WHOLE_TEXT and not self._fragmented and end - start <= self._most:
                if end > size:
                    self._kept = data[at:]
                    break
                found.append(data[start:end])
            else:
                self._note_fragment(data[at])
                self._owed = max(0, end - size)
                found += self._feed(data[at:end])
                if self._protocol.state is not OPEN:
                    return found + self._leave(data[end:])
            at = end
        return found

    def _note_fragment(self, head: int) -> None:
        # Opcodes above these are of control frames, which may come between fragments.
        if head & _OPCODE <= _BINARY:
            self._fragmented = not head & _LAST

    def _leave(self, data: bytes) -> list[Received]:
        """Let the library read what was kept, these bytes and all that follow."""
        self._by_library = True
        data, self._kept = self._kept + data, b""
        return self._feed(data)

    def _feed(self, data: bytes) -> list[Received]:
        self._protocol.receive_data(data)
        return list(self._protocol.events_received())


def _payload(data: bytes, at: int) -> _Payload | None:
    """Return where the payload of the frame that begins ``at`` lies; None while its header is incomplete.

    A masked frame, which no server may send, counts as one that never ends: the library fails it.
    """
    start = at + 2
    if len(data) < start:
        return None
    length = data[at + 1]
    if length >= _MASKED:
        return _Payload(start, start + _UNLAWFUL)
    if length >= _IN_2_BYTES:
        width = 2 if length == _IN_2_BYTES else 8
        if len(data) < start + width:
            return None
        length, start = int.from_bytes(data[start : start + width], "big"), start + width
    return _Payload(start, start + length)
