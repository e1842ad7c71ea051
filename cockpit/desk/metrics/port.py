"""Serves the metrics on a TCP port of this machine: few connections at a time, one request each, all of them in time.

It takes a connection only when it has the time for it. What floods it waits in the kernel.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Awaitable, Callable

from cockpit.config.loopback_address import LoopbackAddress
from cockpit.desk.metrics import messages
from cockpit.desk.metrics.exposition import ScrapeText
from cockpit.desk.metrics.request_head import END, LONGEST_HEAD, TOO_LONG, HeadRefusal, read_head
from cockpit.model.snapshot import MetricsState

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 8
APART_S = 0.02
"""Between two connections that are taken: fifty a second, whoever comes."""
HEAD_WITHIN_S = 2.0
ANSWERED_WITHIN_S = 10.0
BIND_AGAIN_S = 5.0
BACKLOG = 16
_CHUNK = 4_096


class MetricsPort:
    """Answers ``GET /metrics``. ``text`` makes the answer, of the form that the header Accept asks for.

    A port that is taken is tried again, and changes nothing else: ``state`` says so.
    """

    def __init__(self, address: LoopbackAddress, text: Callable[[str], Awaitable[ScrapeText]]) -> None:
        self._address = address
        self._text = text
        self._answering: set[asyncio.Task[None]] = set()
        self._state = MetricsState(address=address.url)

    @property
    def state(self) -> MetricsState:
        return self._state

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            listener = self._bind()
            if listener is None:
                await asyncio.sleep(BIND_AGAIN_S)
                continue
            with contextlib.closing(listener):
                try:
                    await self._serve(listener)
                finally:
                    await self._end()

    def _bind(self) -> socket.socket | None:
        address = self._address
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        listener: socket.socket | None = None
        try:
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address.host, address.port))
            listener.listen(BACKLOG)
        except OSError as exc:
            if listener is not None:
                listener.close()
            taken = exc.errno == errno.EADDRINUSE
            shown = str(address)
            problem = messages.port_taken(shown) if taken else messages.port_unusable(shown, exc.strerror or "")
            if self._state.problem != problem:
                log.warning("metrics: %s", problem)
            self._state = MetricsState(address=address.url, state="down", problem=problem)
            return None
        listener.setblocking(False)
        self._state = MetricsState(address=address.url, state="ok")
        return listener

    async def _serve(self, listener: socket.socket) -> None:
        loop, slots = asyncio.get_running_loop(), asyncio.Semaphore(MOST_CONNECTIONS)
        while True:
            await slots.acquire()
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:
                # Out of files, or the peer is gone already.
                slots.release()
                await asyncio.sleep(1)
                continue
            task = asyncio.create_task(self._answer_and_close(connection), name="metrics")
            self._answering.add(task)
            task.add_done_callback(self._answered)
            task.add_done_callback(lambda _: slots.release())
            await asyncio.sleep(APART_S)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a scrape failed", exc_info=task.exception())

    async def _end(self) -> None:
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    async def _answer_and_close(self, connection: socket.socket) -> None:
        with contextlib.closing(connection), contextlib.suppress(OSError, TimeoutError):
            connection.setblocking(False)
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                await self._answer(connection)

    async def _answer(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(HEAD_WITHIN_S):
            head = await _received_head(connection)
        if head is None:
            return
        asked = TOO_LONG if len(head) > LONGEST_HEAD else read_head(head)
        if isinstance(asked, HeadRefusal):
            await loop.sock_sendall(
                connection, _answer_of(asked.status, "text/plain; charset=utf-8", asked.text.encode())
            )
        else:
            text = await self._text(asked.accept)
            await loop.sock_sendall(connection, _answer_of("200 OK", text.content_type, text.body, whole=asked.body))
        connection.shutdown(socket.SHUT_WR)


async def _received_head(connection: socket.socket) -> bytes | None:
    """Return the head without its end, more than is allowed of one that is too long, None when the peer has left."""
    loop = asyncio.get_running_loop()
    received = bytearray()
    while len(received) <= LONGEST_HEAD:
        chunk = await loop.sock_recv(connection, _CHUNK)
        if not chunk:
            return None
        received += chunk
        head, end, _ = bytes(received).partition(END)
        if end:
            return head
    return bytes(received)


def _answer_of(status: str, content_type: str, body: bytes, *, whole: bool = True) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    return head.encode("latin-1") + (body if whole else b"")
