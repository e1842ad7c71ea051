"""The sender: a relay that asks its makers on an absolute schedule and times their answers, in its own process.

``select`` waits to the microsecond where an event loop's timers round up to a millisecond, and nothing else runs in
this loop. A request's clock starts just before its bytes are handed to the kernel, and stops when the bytes of
the answer have been read from it, before they are parsed.
"""

import contextlib
import gc
import os
import select
import socket
import sys
from collections import deque
from time import perf_counter
from typing import Any

import msgspec
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from bench.load import Listening, LoadResult, RequestLoad
from bench.requests import index_of, is_other, request

ANSWER_WITHIN_S = 3.0
"""The relay waits at most this long (PROTOCOL); a later answer is lost."""

ACCEPT_EVERY = 50
"""One answer in so many is accepted; the others are refused because the auction is over."""

SAMPLES = 40

NOT_CONNECTED = LoadResult(
    sent=0, others=0, latencies_us=[], late_us=[], seconds=0.0, samples=[], strange=0, connected=False
)


class _Answer(msgspec.Struct):
    quote_id: str


class _Call(msgspec.Struct):
    method: str
    id: int
    params: msgspec.Raw


_decode_call = msgspec.json.Decoder(_Call).decode
_decode_answers = msgspec.json.Decoder(tuple[_Answer]).decode
_decode_params = msgspec.json.Decoder(list[Any]).decode


class MakerConnection:
    """One connection; its name is the path it asked for."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        self.socket = connection
        self.protocol = ServerProtocol(max_size=2**20)
        self.name = ""
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

    def read(self, data: bytes) -> list[tuple[_Call, bytes]]:
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


class _Run:
    """One load being measured."""

    def __init__(self, load: RequestLoad, maker: MakerConnection) -> None:
        self.load = load
        self.maker = maker
        warm = int(load.rate * load.warm_up_s)
        count = warm + int(load.rate * load.seconds)
        self.first = warm
        self.frames = [
            Frame(
                Opcode.TEXT, request(load.run, index, load.other_pairs, "quotes", load.life_ms, load.market)
            ).serialize(mask=False)
            for index in range(count)
        ]
        self.sent_at = [0.0] * count
        self.answered_at = [0.0] * count
        self.waiting = sum(not is_other(index, load.other_pairs) for index in range(count))
        self.samples: deque[str] = deque(maxlen=SAMPLES)
        self.strange = 0

    def answered(self, text: bytes, call: _Call, now: float) -> bytes:
        """Count an answer; returns the relay's reply."""
        (answer,) = _decode_answers(call.params)
        index = index_of(self.load.run, answer.quote_id)
        known = index is not None and 0 <= index < len(self.sent_at)
        if index is None or not known or not self.sent_at[index] or self.answered_at[index]:
            self.strange += 1
            return _error(call.id, "unknown quote_id")
        self.answered_at[index] = now
        self.waiting -= 1
        if index % ACCEPT_EVERY == 0:
            self.samples.append(text.decode())
            return b'{"jsonrpc":"2.0","id":%d,"result":"OK"}' % call.id
        return _error(call.id, "quote not found or already finished", -32098)

    def result(self, started: float, ended: float) -> LoadResult:
        """Return what was measured, without the warm-up."""
        load = self.load
        measured = range(self.first, len(self.frames))
        asked = [index for index in measured if not is_other(index, load.other_pairs)]
        took = [self.answered_at[index] - self.sent_at[index] for index in asked if self.answered_at[index]]
        return LoadResult(
            sent=len(asked),
            others=len(measured) - len(asked),
            latencies_us=[round(seconds * 1e6, 1) for seconds in took if seconds <= ANSWER_WITHIN_S],
            late_us=[
                round((self.sent_at[index] - started - index / load.rate) * 1e6, 1)
                for index in measured
                if self.sent_at[index]
            ],
            seconds=ended - started,
            samples=list(self.samples),
            strange=self.strange,
            connected=not self.maker.closed,
        )


def _error(call_id: int, text: str, code: int = -32000) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": call_id, "error": {"code": code, "message": text}})


class Sender:
    """The listening socket, the connected makers and the running load."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._makers: list[MakerConnection] = []
        self._run: _Run | None = None
        self._unread = b""

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Serve the makers and carry out loads until the standard input ends."""
        while True:
            if not self._turn(None, sys.stdin.fileno()):
                continue
            data = os.read(sys.stdin.fileno(), 65_536)
            if not data:
                return
            self._unread += data
            while b"\n" in self._unread:
                line, _, self._unread = self._unread.partition(b"\n")
                _write(self.measure(msgspec.json.decode(line, type=RequestLoad)))

    def measure(self, load: RequestLoad) -> LoadResult:
        """Send the load and wait for its answers, at most as long as the relay would."""
        maker = next((maker for maker in reversed(self._makers) if maker.name == load.subject), None)
        if maker is None:
            return NOT_CONNECTED
        run = self._run = _Run(load, maker)
        gc.collect()
        gc.disable()
        started = perf_counter() + 0.05
        every = 1 / load.rate
        for index, frame in enumerate(run.frames):
            due = started + index * every
            while (left := due - perf_counter()) > 0 and not maker.closed:
                self._turn(left)
            if maker.closed:
                break
            run.sent_at[index] = perf_counter()
            maker.write(frame)
            self._turn(0.0)
        ended = perf_counter()
        while run.waiting and not maker.closed and (left := ended + ANSWER_WITHIN_S - perf_counter()) > 0:
            self._turn(left)
        self._run = None
        gc.enable()
        return run.result(started, ended)

    def _turn(self, timeout: float | None, *also: int) -> bool:
        """Wait for sockets and serve them; whether one of the file descriptors ``also`` waited for can be read."""
        behind = [maker for maker in self._makers if maker.backlog]
        waiting: list[socket.socket | MakerConnection | int] = [self._listener, *self._makers, *also]
        readable, writable, _ = select.select(waiting, behind, (), timeout)
        for maker in writable:
            maker.flush()
        for ready in readable:
            if isinstance(ready, MakerConnection):
                try:
                    self._read(ready)
                except msgspec.MsgspecError:
                    self._end(ready)
            elif ready is self._listener:
                self._makers.append(MakerConnection(self._listener.accept()[0]))
        return any(descriptor in readable for descriptor in also)

    def _read(self, maker: MakerConnection) -> None:
        try:
            data = maker.socket.recv(262_144)
        except ConnectionError:
            data = b""
        now = perf_counter()
        if not data:
            self._end(maker)
            return
        for call, text in maker.read(data):
            if call.method == "quote_response" and self._run is not None:
                maker.send_text(self._run.answered(text, call, now))
            elif call.method == "quote_response":
                maker.send_text(_error(call.id, "the request is gone"))
            else:
                # Each subscription has an id of its own: some makers tell events by it.
                subscription = b"quotes" if _decode_params(call.params)[:1] == ["quote"] else b"statuses"
                maker.send_text(b'{"jsonrpc":"2.0","id":%d,"result":"%b"}' % (call.id, subscription))
        if maker.over:
            self._end(maker)

    def _end(self, maker: MakerConnection) -> None:
        maker.close()
        self._makers.remove(maker)


def _write(message: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sender = Sender()
    _write(Listening(sender.port))
    sender.serve()
