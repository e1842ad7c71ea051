"""Several web applications on loopback ports of their own, served by one uvicorn."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
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
    """Applications by name, each on its own port of 127.0.0.1; answers carry the date of ``clock``, UTC nanoseconds.

    The ports are ``first_port`` and those after it, or any free ones for 0. Raises OSError when one is taken.
    ``failures`` counts requests and connections that ended in an exception of the venue's own.

    """

    def __init__(self, apps: Mapping[str, ASGIApp], first_port: int, clock: Callable[[], int] = time.time_ns) -> None:
        self.failures = 0
        self._clock = clock
        self._sockets: list[socket.socket] = []
        self.ports: dict[str, int] = {}
        self._apps: dict[int, ASGIApp] = {}
        try:
            for index, (name, app) in enumerate(apps.items()):
                listener = _listen(first_port + index if first_port else 0)
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
            await self._apps[scope["server"][1]](scope, receive, dated)
        except Exception:
            self.failures += 1
            logger.exception("%s %s failed", scope["type"], scope["path"])
            raise


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
