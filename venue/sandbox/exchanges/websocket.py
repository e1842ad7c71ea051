"""One exchange as a web application: its websocket and its REST on one origin."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from venue.sandbox.base.fault_values import MarketState
from venue.sandbox.exchanges.prices import Book, ExchangeFeed
from venue.sandbox.exchanges.tickers import ENCODER, Dialect, Message


class ExchangeSocket:
    """The websocket endpoint of one exchange; ``dialect`` creates the state of each new connection."""

    def __init__(self, feed: ExchangeFeed, dialect: Callable[[], Dialect]) -> None:
        self._feed = feed
        self._dialect = dialect
        self._lines: set[_Line] = set()
        self._changed = asyncio.Event()
        feed.on_change(self._on_change)

    def book(self) -> Book:
        return self._feed.book()

    def status(self) -> MarketState:
        return self._feed.status

    async def send_to_all(self, message: Message) -> None:
        for line in tuple(self._lines):
            with contextlib.suppress(WebSocketDisconnect):
                await line.send(message)

    async def serve(self, socket: WebSocket) -> None:
        """Run one connection from its handshake to its end."""
        await socket.accept()
        dialect, line = self._dialect(), _Line(socket, self._feed)
        self._lines.add(line)
        await line.send(dialect.status(self._feed.status, self._feed.now_ns()))
        work = [self._read(socket, line, dialect), self._tick(line, dialect), self._tell(line, dialect), line.deliver()]
        if dialect.heartbeat_s is not None:
            work.append(self._beat(line, dialect, dialect.heartbeat_s))
        tasks = [asyncio.create_task(one) for one in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lines.discard(line)
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, (WebSocketDisconnect, OSError)):
                raise result

    async def _read(self, socket: WebSocket, line: "_Line", dialect: Dialect) -> None:
        while (event := await socket.receive())["type"] == "websocket.receive":
            try:
                message = msgspec.json.decode(event.get("text") or event["bytes"], type=dict[str, object])
            except msgspec.DecodeError:
                message = {}
            for reply in dialect.replies(message, self._feed.book()):
                await line.send(reply)

    async def _tick(self, line: "_Line", dialect: Dialect) -> None:
        while True:
            await asyncio.sleep(self._feed.tick_s)
            if not self._feed.frozen:
                await line.send(dialect.tick(self._feed.book()))

    async def _tell(self, line: "_Line", dialect: Dialect) -> None:
        """Say what the market's status is whenever it changes."""
        told = self._feed.status
        while True:
            changed = self._changed
            if self._feed.status != told:
                told = self._feed.status
                await line.send(dialect.status(told, self._feed.now_ns()))
            await changed.wait()

    async def _beat(self, line: "_Line", dialect: Dialect, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            await line.send(dialect.heartbeat(self._feed.now_ns()))

    def _on_change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class _Line:
    """What is sent on one connection, in its order: at once, or later by the exchange's fault."""

    def __init__(self, socket: WebSocket, feed: ExchangeFeed) -> None:
        self._socket = socket
        self._feed = feed
        self._late: deque[tuple[float, str]] = deque()
        self._queued = asyncio.Event()

    async def send(self, message: Message | None) -> None:
        if message is None or self._feed.silent:
            return
        text, late_s = ENCODER.encode(message).decode(), self._feed.late_s
        if not late_s and not self._late:
            await self._put(text)
            return
        self._late.append((asyncio.get_running_loop().time() + late_s, text))
        self._queued.set()

    async def deliver(self) -> None:
        """Send what is late when it is due."""
        loop = asyncio.get_running_loop()
        while True:
            await self._queued.wait()
            while self._late:
                due, text = self._late[0]
                await asyncio.sleep(max(0.0, due - loop.time()))
                await self._put(text)
                self._late.popleft()
            self._queued.clear()

    async def _put(self, text: str) -> None:
        await self._socket.send({"type": "websocket.send", "text": text})


def exchange_app(socket: ExchangeSocket, ws: str, rest: Mapping[str, Callable[[], Message]]) -> Starlette:
    """Serve the websocket at path ``ws``, and by REST what each path of ``rest`` gives."""

    def answering(give: Callable[[], Message]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_: Request) -> Response:
            return Response(ENCODER.encode(give()), media_type="application/json")

        return answer

    routes = [Route(path, answering(give)) for path, give in rest.items()]
    return Starlette(routes=[WebSocketRoute(ws, socket.serve), *routes])
