"""A maker's connection to the sender, and the calls that come on it."""

import contextlib
import socket

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol


class Call(msgspec.Struct):
    """A JSON-RPC call of a maker."""

    method: str
    id: int
    params: msgspec.Raw


_decode_call = msgspec.json.Decoder(Call).decode


def error_reply(call_id: int, text: str, code: int = -32000) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": call_id, "error": {"code": code, "message": text}})


class MakerConnection:
    """One connection; its name is the path it asked for."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        self.socket = connection
        self.protocol = ServerProtocol(max_size=2**20)
        self.name = ""
        self.topics: set[str] = set()
        self.backlog = bytearray()
        self.closed = False
        self.finished = False

    def fileno(self) -> int:
        return self.socket.fileno()

    def write(self, data: bytes) -> None:
        """Send, and keep what the kernel does not accept: an open loop does not wait for a slow maker."""
        if self.closed:
            return
        if not self.backlog:
            # That it has gone is noticed, and dealt with, as nothing more is read from it.
            with contextlib.suppress(BlockingIOError, ConnectionError):
                data = data[self.socket.send(data) :]
        self.backlog += data

    def flush(self) -> None:
        """Send what was kept."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            del self.backlog[: self.socket.send(self.backlog)]

    def close(self) -> None:
        self.closed = True
        self.backlog.clear()
        self.socket.close()

    @property
    def over(self) -> bool:
        """Whether the connection was closed in due form, and all that was to be sent has been."""
        return self.finished and not self.backlog

    def read(self, data: bytes) -> list[tuple[Call, bytes]]:
        """Return the calls in these bytes; handshake, pings and the close are answered here.

        msgspec.MsgspecError for a text that is no call.
        """
        protocol = self.protocol
        protocol.receive_data(data)
        calls = []
        for event in protocol.events_received():
            if isinstance(event, Request):
                self.name = event.path.partition("?")[0].strip("/")
                protocol.send_response(protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                text = bytes(event.data)
                calls.append((_decode_call(text), text))
        self._pass_on()
        return calls

    def send_text(self, message: bytes) -> None:
        """Send a text; nothing when the maker has closed the connection behind its last call."""
        if self.protocol.state is State.OPEN:
            self.protocol.send_text(message)
            self._pass_on()

    def _pass_on(self) -> None:
        for chunk in self.protocol.data_to_send():
            self.finished |= not chunk
            self.write(chunk)
