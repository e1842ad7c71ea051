"""A websocket client that handles each message inside the call that read it from the socket.

The protocol is the sans-I/O layer of the websockets library, behind ``FrameReader``, which takes whole text frames from
the bytes itself; this file only carries them. The library's own asyncio client hands each message to a waiting task,
which costs a turn of the event loop between a quote request and its answer.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from typing import cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from cockpit.model.environment import Environment
from venue.transport.errors import WsClosedError
from venue.transport.frame_reader import FrameReader, Received
from venue.transport.messages import NOT_OPEN

_SILENT = logging.getLogger("venue.transport.websocket.wire")
_SILENT.setLevel(logging.CRITICAL)
"""The library logs handshake headers at DEBUG, and with them the bearer token: its logs are switched off."""

MAX_MESSAGE = 16 * 2**20
"""Bytes; a larger message ends the connection."""

UNSENT_POLL_S = 0.002

TURN_NS = 200_000
"""For so long frames are handled before other tasks run: one read may bring hundreds, and disarming must not wait for
them. What was answered leaves at the end of a turn, so a short one is also what the first answers of a burst wait for.
"""

BATCH = 32
"""Frames handled in one turn at most, however quick they are."""

MAX_WAITING = 4_096
"""Unhandled frames at which reading stops: a flood must wait in the network, not in memory."""


class WsConnection(asyncio.Protocol):
    """Pass each whole text or binary message to ``on_message`` as bytes, synchronously.

    ``received_ns`` is the monotonic time at which the event loop delivered the bytes of the current message.
    ``beneath`` is the TCP transport below TLS, None without TLS.
    """

    def __init__(
        self,
        uri: str,
        headers: Mapping[str, str],
        on_message: Callable[[bytes], None],
        *,
        env: Environment,
        max_size: int = MAX_MESSAGE,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._headers = headers
        self._on_message = on_message
        self._monotonic_ns = env.monotonic_ns
        self._protocol = ClientProtocol(parse_uri(uri), max_size=max_size, logger=_SILENT)
        self._reader = FrameReader(self._protocol, max_size)
        self._transport: asyncio.Transport | None = None
        self._fragments: list[bytes] = []
        self._waiting: deque[tuple[int, Received]] = deque()
        self._pings: dict[bytes, asyncio.Future[None]] = {}
        self._pinged = 0
        self._reading = True
        self.received_ns = 0
        self.beneath: asyncio.WriteTransport | None = None
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[str] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        request = self._protocol.connect()
        for name, value in self._headers.items():
            request.headers[name] = value
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        now = self._monotonic_ns()
        protocol = self._protocol
        events = self._reader.receive(data)
        if protocol.writes:
            self._flush()
        if self._waiting:
            self._waiting.extend((now, event) for event in events)
        elif len(events) == 1:
            self.received_ns = now
            self._event(events[0])
        elif events:
            self._waiting.extend((now, event) for event in events)
            self._handle_waiting()
        self._set_reading(len(self._waiting) < MAX_WAITING)
        if protocol.close_expected() and self._transport is not None:
            self._transport.close()

    def _handle_waiting(self) -> None:
        """Handle what waits for one turn, and leave the rest to later ones."""
        waiting = self._waiting
        ends_ns = self._monotonic_ns() + TURN_NS
        try:
            for _ in range(min(BATCH, len(waiting))):
                self.received_ns, event = waiting.popleft()
                self._event(event)
                if self._monotonic_ns() >= ends_ns:
                    break
        finally:
            if waiting:
                asyncio.get_running_loop().call_soon(self._handle_waiting)
            else:
                self._set_reading(True)

    def _set_reading(self, on: bool) -> None:
        transport = self._transport
        if on == self._reading or transport is None or transport.is_closing():
            return
        self._reading = on
        if on:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def _event(self, event: Received) -> None:
        if isinstance(event, bytes):
            self._on_message(event)
        elif isinstance(event, Frame):
            self._frame(event)
        elif isinstance(event, Response):
            self._handshake(event)

    def eof_received(self) -> None:
        self._reader.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        reason = self._why_closed(exc)
        if not self.opened.done():
            self.opened.set_exception(WsClosedError(reason))
            self.opened.exception()
        if not self.closed.done():
            self.closed.set_result(reason)
        for waiter in self._pings.values():
            if not waiter.done():
                waiter.set_exception(WsClosedError(reason))
                waiter.exception()
        self._pings.clear()

    def _why_closed(self, exc: Exception | None) -> str:
        if self._protocol.handshake_exc is not None:
            return f"the server refused the handshake: {self._protocol.handshake_exc}"
        received = self._protocol.close_rcvd
        if received is not None:
            return f"closed by the server: {received.code} {received.reason}".rstrip()
        sent = self._protocol.close_sent
        if sent is not None:
            return f"closed by this side: {sent.code} {sent.reason}".rstrip()
        return f"connection lost: {exc or 'end of stream'}"

    def _handshake(self, response: Response) -> None:
        if self._protocol.state is OPEN and not self.opened.done():
            self.opened.set_result(None)
        elif not self.opened.done():
            self.opened.set_exception(
                WsClosedError(
                    f"the server refused the handshake with HTTP {response.status_code}",
                    http_status=response.status_code,
                )
            )
            self.opened.exception()

    def _frame(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            if frame.fin:
                self._on_message(bytes(frame.data))
            else:
                self._fragments = [bytes(frame.data)]
        elif opcode is Opcode.CONT:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                whole, self._fragments = b"".join(self._fragments), []
                self._on_message(whole)
        elif opcode is Opcode.PONG:
            self._ponged(bytes(frame.data))

    def _ponged(self, payload: bytes) -> None:
        # A pong answers the pings before it as well.
        while payload in self._pings:
            waiter = self._pings.pop(next(iter(self._pings)))
            if not waiter.done():
                waiter.set_result(None)

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        for chunk in self._protocol.data_to_send():
            if chunk:
                transport.write(chunk)
            else:
                transport.close()

    @property
    def writable(self) -> bool:
        """Whether a message sent now leaves at once: the connection is open and its buffers are empty."""
        transport = self._transport
        if transport is None or self._protocol.state is not OPEN or transport.get_write_buffer_size():
            return False
        return self.beneath is None or self.beneath.get_write_buffer_size() == 0

    @property
    def unsent(self) -> int:
        """Bytes written that are still in this process, those below TLS included."""
        transport, beneath = self._transport, self.beneath
        waiting = 0 if transport is None or transport.is_closing() else transport.get_write_buffer_size()
        return waiting + (0 if beneath is None or beneath.is_closing() else beneath.get_write_buffer_size())

    async def sent_out(self, within_s: float) -> bool:
        """Wait until all written bytes have left this process; False when some are left after ``within_s`` seconds."""
        deadline = asyncio.get_running_loop().time() + within_s
        while self.unsent:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await asyncio.sleep(UNSENT_POLL_S)
        return True

    def send(self, message: bytes) -> None:
        """Write one text message; WsClosedError when the connection is not open."""
        if self._protocol.state is not OPEN or self._transport is None:
            raise WsClosedError(NOT_OPEN)
        self._protocol.send_text(message)
        self._flush()

    def probe(self) -> asyncio.Future[None]:
        """Send a ping; done with its answer, which comes behind all that the other side had sent, or with the end.

        Raises WsClosedError when the connection is not open.
        """
        if self._protocol.state is not OPEN:
            raise WsClosedError(NOT_OPEN)
        self._pinged += 1
        payload = self._pinged.to_bytes(8, "big")
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pings[payload] = waiter
        self._protocol.send_ping(payload)
        self._flush()
        return waiter

    async def ping(self, timeout_s: float) -> None:
        """Wait for the answer to a ping; TimeoutError when none came, WsClosedError when the connection was lost."""
        async with asyncio.timeout(timeout_s):
            await self.probe()

    def abort(self) -> None:
        """Drop the connection without a close frame; unsent bytes never leave this process."""
        if self._transport is not None:
            self._transport.abort()
        elif self.beneath is not None:
            self.beneath.close()

    async def close(self, timeout_s: float = 1.0) -> None:
        """Send a close frame, wait up to ``timeout_s`` for the other side's, then drop the connection."""
        if self._protocol.state is OPEN:
            self._protocol.send_close(1000)
            self._flush()
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self.closed)
        except TimeoutError:
            self.abort()


async def connect(
    uri: str,
    headers: Mapping[str, str],
    on_message: Callable[[bytes], None],
    *,
    env: Environment,
    timeout_s: float = 10.0,
) -> WsConnection:
    """Open a connection without compression, TCP_NODELAY on; WsClosedError or TimeoutError when it fails."""
    parsed = parse_uri(uri)
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context() if parsed.secure else None
    connection: WsConnection | None = None
    try:
        async with asyncio.timeout(timeout_s):
            connection = made = WsConnection(uri, headers, on_message, env=env)
            if context is None:
                await loop.create_connection(lambda: made, parsed.host, parsed.port)
            else:
                # TLS is started by hand: only then can the bytes waiting below it be counted.
                beneath, _ = await loop.create_connection(asyncio.Protocol, parsed.host, parsed.port)
                connection.beneath = beneath
                secure = await loop.start_tls(beneath, connection, context, server_hostname=parsed.host)
                assert secure is not None
                connection.connection_made(secure)
            await connection.opened
    except BaseException as exc:
        if connection is not None:
            connection.abort()
        if isinstance(exc, OSError) and not isinstance(exc, TimeoutError):
            raise WsClosedError(f"cannot reach {parsed.host}:{parsed.port}: {exc.strerror or exc}") from exc
        raise
    return connection
