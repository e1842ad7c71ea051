"""Records what an endpoint receives and sends, between the web server and the endpoint itself."""

from collections.abc import Callable
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Event

from venue.sandbox.recording.frame_log import Sink
from venue.sandbox.recording.frames import Direction, Kind, Message

MOST_CONTENT = 1 << 20
"""Bytes of one request, answer or frame that are recorded; the rest is cut off and the frame says so. To look for
secrets in more would hold up the venue."""


class Tap:
    """Wraps applications; ``clock`` gives UTC nanoseconds. Connections are numbered through all endpoints."""

    def __init__(self, sink: Sink, clock: Callable[[], int]) -> None:
        self._sink = sink
        self._clock = clock
        self._numbers = count(1)

    def on(self, endpoint: str, app: ASGIApp) -> ASGIApp:
        """Return the application, recorded under the name ``endpoint``."""

        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] not in ("http", "websocket"):
                await app(scope, receive, send)
                return
            exchange = _Exchange(self._sink, self._clock, endpoint, next(self._numbers), scope)
            if scope["type"] == "websocket":
                exchange.opened()

            async def received() -> Event:
                event = await receive()
                exchange.on_received(event)
                return event

            async def sent(event: Event) -> None:
                exchange.on_sent(event)
                await send(event)

            await app(scope, received, sent)

        return recorded


class _Exchange:
    """One websocket, or one HTTP request with its answer."""

    def __init__(self, sink: Sink, clock: Callable[[], int], endpoint: str, number: int, scope: Scope) -> None:
        self._sink = sink
        self._clock = clock
        self._endpoint = endpoint
        self._number = number
        query = scope.get("query_string", b"").decode("latin-1")
        self._path = scope["path"] + (f"?{query}" if query else "")
        self._method: str | None = scope.get("method")
        self._body = _Body()
        self._asked = False
        self._status: int | None = None
        self._media: str | None = None
        self._answer = _Body()

    def opened(self) -> None:
        self._record("open", "in", path=self._path)

    def on_received(self, event: Event) -> None:
        match event["type"]:
            case "websocket.receive":
                self._frame("in", event)
            case "websocket.disconnect":
                self._record("close", "in", status=event.get("code"))
            case "http.request":
                self._body.add(event.get("body", b""))
                if not event.get("more_body", False):
                    self._request()

    def on_sent(self, event: Event) -> None:
        match event["type"]:
            case "websocket.send":
                self._frame("out", event)
            case "websocket.close":
                self._record("close", "out", status=event.get("code", 1000))
            case "http.response.start" | "websocket.http.response.start":
                if event["type"] == "http.response.start":
                    self._request()
                self._status, self._media = event["status"], _media(event.get("headers", ()))
            case "http.response.body" | "websocket.http.response.body":
                self._answer.add(event.get("body", b""))
                if not event.get("more_body", False):
                    self._record("answer", "out", body=self._answer, status=self._status, media=self._media)

    def _request(self) -> None:
        # An endpoint may answer without reading all that was sent.
        if not self._asked:
            self._asked = True
            self._record("request", "in", body=self._body, method=self._method, path=self._path)

    def _frame(self, direction: Direction, event: Event) -> None:
        text = event.get("text")
        body = _Body()
        body.add(text.encode("utf-8", "surrogatepass") if text is not None else event.get("bytes") or b"")
        self._record("frame", direction, body=body, binary=text is None)

    def _record(
        self, kind: Kind, direction: Direction, *, body: "_Body | None" = None, binary: bool = False, **more: Any
    ) -> None:
        message = Message(
            kind=kind,
            at_ns=self._clock(),
            endpoint=self._endpoint,
            connection=self._number,
            direction=direction,
            content=b"" if body is None else body.content(),
            binary=binary,
            cut=body is not None and body.cut,
            **more,
        )
        self._sink.add(message)


class _Body:
    """Content that comes in parts, up to what is recorded of it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self.cut = False

    def add(self, part: bytes) -> None:
        room = MOST_CONTENT - self._size
        self.cut = self.cut or len(part) > room
        self._parts.append(part[:room])
        self._size += len(self._parts[-1])

    def content(self) -> bytes:
        return b"".join(self._parts)


def _media(headers: Any) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name.lower() == b"content-type"), None)
