"""Several web applications on ports of their own, served by one uvicorn."""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from venue.sandbox.base.body_limit import limited

Address = tuple[socket.AddressFamily, str]
LOOPBACK: Address = (socket.AF_INET, "127.0.0.1")
BACKLOG = 2048
GRACE_S = 0.5
"""How long open requests may take to end when the venue stops."""
logger = logging.getLogger("venue.sandbox")


class _Server(uvicorn.Server):
    """Leaves the process's signals alone: the venue's owner decides when it ends, and then it ends at once."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._end = asyncio.Event()

    def end(self) -> None:
        self._end.set()

    async def main_loop(self) -> None:
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            _, slow = await asyncio.wait(self.server_state.tasks, timeout=GRACE_S)
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpHost:
    """Applications by name, each on its own port of ``at``; answers carry the date of ``clock``, UTC nanoseconds.

    The ports are ``first_port`` and those after it, or any free ones for 0. ``context``: serve TLS alone.
    Raises OSError, with the port and whose it is, when one cannot be had.
    ``failures`` counts requests and connections that ended in an exception of the venue's own.
    """

    def __init__(
        self,
        apps: Mapping[str, ASGIApp],
        first_port: int,
        clock: Callable[[], int] = time.time_ns,
        *,
        at: Address = LOOPBACK,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.failures = 0
        self._clock = clock
        self._sockets: list[socket.socket] = []
        self.ports: dict[str, int] = {}
        self._apps: dict[int, ASGIApp] = {}
        try:
            for index, (name, app) in enumerate(apps.items()):
                listener = _listen(at, first_port + index if first_port else 0, name, len(apps))
                self._sockets.append(listener)
                self.ports[name] = listener.getsockname()[1]
                self._apps[self.ports[name]] = app
        except OSError:
            for listener in self._sockets:
                listener.close()
            raise
        self._server = _Server(
            uvicorn.Config(
                self._dispatch,
                interface="asgi3",
                proxy_headers=False,
                lifespan="off",
                ws="websockets-sansio",
                ws_per_message_deflate=False,
                log_config=None,
                log_level="critical",
                access_log=False,
                date_header=False,
                server_header=False,
                backlog=BACKLOG,
                ssl_context_factory=None if context is None else lambda *_: context,
            )
        )
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve; return once every port accepts connections."""
        self._running = asyncio.create_task(self._server.serve(sockets=self._sockets), name="sandbox web server")
        while not self._server.started:
            if self._running.done():
                await self._running
                raise RuntimeError("the sandbox's web server ended before it had started; see the log")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        if self._running is not None:
            self._server.end()
            await self._running

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock() // 10**9, usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", date)]
            await send(message)

        try:
            await self._apps[scope["server"][1]](scope, limited(scope, receive), dated)
        except Exception:
            self.failures += 1
            logger.exception("%s %s failed", scope["type"], scope["path"])
            raise


def _listen(at: Address, port: int, name: str, count: int) -> socket.socket:
    family, address = at
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        # At once: two sockets can be bound to a port that only one can listen on.
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refusal(error, at[1], port, name, count) from None
    return listener


def _refusal(error: OSError, address: str, port: int, name: str, count: int) -> OSError:
    remedy = f"choose another --port (the venue takes {count} in a row), or 0 for free ones"
    match error.errno:
        case errno.EADDRINUSE:
            told = f"port {port} of {address}, for {name}, is in use; {remedy}"
        case errno.EACCES:
            told = f"port {port} of {address}, for {name}, is only for the superuser; {remedy}"
        case errno.EADDRNOTAVAIL:
            told = f"{address} is not an address of this machine; name one of its own with --host"
        case _:
            told = f"cannot listen on port {port} of {address}, for {name}: {error.strerror}"
    return OSError(told)
