"""One exchange as a web application: its websocket and its REST on one origin."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from venue.sandbox.base.fault_values import Exchange, MarketState
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.exchanges.dialect import ENCODER, Dialect, Message
from venue.sandbox.exchanges.markets.market import ExchangeMarket, Markets
from venue.sandbox.exchanges.rest import Asked, RestAnswer, Routes


class ExchangeSocket:
    """The websocket endpoint of one exchange; ``dialect`` creates the state of each new connection."""

    def __init__(self, markets: Markets, dialect: Callable[[Markets], Dialect], faults: FaultTable) -> None:
        self._markets = markets
        self._main: ExchangeMarket = next(iter(markets.values()))
        self._dialect = dialect
        self._faults = faults
        self._lines: set[_Line] = set()
        self._changed = asyncio.Event()
        faults.on_change(lambda _: self._on_change())

    async def send_to_all(self, message: Message) -> None:
        for line in tuple(self._lines):
            with contextlib.suppress(WebSocketDisconnect):
                await line.send(message)

    async def serve(self, socket: WebSocket) -> None:
        """Run one connection from its handshake to its end."""
        await socket.accept()
        feed = self._main.feed
        dialect, line = self._dialect(self._markets), _Line(socket, feed.name, self._faults)
        self._lines.add(line)
        await line.send(dialect.status(feed.status, feed.now_ns()))
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
            text = event.get("text")
            try:
                message = msgspec.json.decode(event["bytes"] if text is None else text, type=dict[str, object])
            except (ValueError, RecursionError):
                message = {}
            for reply in dialect.replies(message):
                await line.send(reply)

    async def _tick(self, line: "_Line", dialect: Dialect) -> None:
        feed = self._main.feed
        while True:
            await asyncio.sleep(feed.tick_s)
            if not feed.frozen:
                for message in dialect.tick():
                    await line.send(message)

    async def _tell(self, line: "_Line", dialect: Dialect) -> None:
        """Say what the market's status is whenever it changes."""
        feed = self._main.feed
        told: MarketState = feed.status
        while True:
            changed = self._changed
            if feed.status != told:
                told = feed.status
                await line.send(dialect.status(told, feed.now_ns()))
            await changed.wait()

    async def _beat(self, line: "_Line", dialect: Dialect, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            for message in dialect.heartbeat(self._main.feed.now_ns()):
                await line.send(message)

    def _on_change(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class _Line:
    """What is sent on one connection, in its order: at once, or later by the exchange's fault."""

    def __init__(self, socket: WebSocket, name: Exchange, faults: FaultTable) -> None:
        self._socket = socket
        self._name: Exchange = name
        self._faults = faults
        self._late: deque[tuple[float, str]] = deque()
        self._queued = asyncio.Event()

    async def send(self, message: Message | None) -> None:
        now = self._faults.current
        if message is None or self._name in now.exchange_silent:
            return
        text, late_s = ENCODER.encode(message).decode(), now.exchange_late_ms.get(self._name, 0) / 1_000
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


def exchange_app(socket: ExchangeSocket, ws: str, rest: Routes) -> Starlette:
    """Serve the websocket at path ``ws``, and by REST what each path of ``rest`` gives."""

    def answering(give: Callable[[Asked], RestAnswer]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            given = give(Asked(path=request.path_params, query=dict(request.query_params)))
            return Response(ENCODER.encode(given.body), given.status, media_type="application/json")

        return answer

    routes = [Route(path, answering(give)) for path, give in rest.items()]
    return Starlette(routes=[WebSocketRoute(ws, socket.serve), *routes])
