"""One exchange as a web application: its websocket and its REST ticker on one origin."""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from venue.sandbox.exchanges.prices import Book, ExchangeFeed
from venue.sandbox.exchanges.tickers import ENCODER, Dialect, Message


class ExchangeSocket:
    """The websocket endpoint of one exchange; ``dialect`` creates the state of each new connection."""

    def __init__(self, feed: ExchangeFeed, dialect: Callable[[], Dialect]) -> None:
        self._feed = feed
        self._dialect = dialect
        self._sockets: set[WebSocket] = set()

    def book(self) -> Book:
        return self._feed.book()

    async def send_to_all(self, message: Message) -> None:
        for socket in tuple(self._sockets):
            with contextlib.suppress(WebSocketDisconnect):
                await _send(socket, message)

    async def serve(self, socket: WebSocket) -> None:
        """Run one connection from its handshake to its end."""
        await socket.accept()
        dialect = self._dialect()
        self._sockets.add(socket)
        tasks = [asyncio.create_task(work) for work in (self._read(socket, dialect), self._tick(socket, dialect))]
        if dialect.heartbeat_s is not None:
            tasks.append(asyncio.create_task(self._beat(socket, dialect, dialect.heartbeat_s)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sockets.discard(socket)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, (WebSocketDisconnect, OSError)):
                raise result

    async def _read(self, socket: WebSocket, dialect: Dialect) -> None:
        await _send(socket, dialect.greeting(self._feed.now_ns()))
        while (event := await socket.receive())["type"] == "websocket.receive":
            try:
                message = msgspec.json.decode(event.get("text") or event["bytes"], type=dict[str, object])
            except msgspec.DecodeError:
                message = {}
            for reply in dialect.replies(message, self._feed.book()):
                await _send(socket, reply)

    async def _tick(self, socket: WebSocket, dialect: Dialect) -> None:
        while True:
            await asyncio.sleep(self._feed.tick_s)
            if not self._feed.frozen:
                await _send(socket, dialect.tick(self._feed.book()))

    async def _beat(self, socket: WebSocket, dialect: Dialect, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await _send(socket, dialect.heartbeat(self._feed.now_ns()))


async def _send(socket: WebSocket, message: Message | None) -> None:
    if message is not None:
        await socket.send({"type": "websocket.send", "text": ENCODER.encode(message).decode()})


def exchange_app(socket: ExchangeSocket, ws: str, rest: str, ticker: Callable[[Book], Message]) -> Starlette:
    """Serve the websocket at path ``ws`` and the REST ticker at path ``rest``."""

    async def answer(_: Request) -> Response:
        return Response(ENCODER.encode(ticker(socket.book())), media_type="application/json")

    return Starlette(routes=[WebSocketRoute(ws, socket.serve), Route(rest, answer)])
