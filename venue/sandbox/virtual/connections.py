"""Clients of a venue's endpoints inside its own process."""

import asyncio
from collections.abc import Mapping

import msgspec
from starlette.types import ASGIApp, Message, Scope

_USUAL: dict[str, object] = {
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "root_path": "",
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 1),
}


def _scope(kind: str, path: str, headers: Mapping[str, str]) -> Scope:
    bare, _, query = path.partition("?")
    scheme = {"websocket": "ws", "http": "http"}[kind]
    return {
        **_USUAL,
        "type": kind,
        "scheme": scheme,
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
        "path": bare,
        "raw_path": bare.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }


class Socket:
    """A websocket to an endpoint."""

    def __init__(self, app: ASGIApp, path: str, headers: Mapping[str, str]) -> None:
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self._came: asyncio.Queue[str | None] = asyncio.Queue()
        self._sent.put_nowait({"type": "websocket.connect"})
        scope = _scope("websocket", path, headers)
        self._task = asyncio.create_task(self._run(app, scope), name=f"client of {path}")

    def send(self, message: object) -> None:
        """Send one text frame of JSON."""
        self._sent.put_nowait({"type": "websocket.receive", "text": msgspec.json.encode(message).decode()})

    async def receive(self) -> str | None:
        """Return the next text frame; None once it is closed, or was refused. Raises what the endpoint failed with."""
        text = await self._came.get()
        if text is None:
            await self._task
        return text

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        async def send(event: Message) -> None:
            if event["type"] == "websocket.send":
                text = event.get("text")
                self._came.put_nowait(event["bytes"].decode() if text is None else text)
            elif event["type"] == "websocket.close":
                self._sent.put_nowait({"type": "websocket.disconnect", "code": event.get("code", 1000)})

        try:
            await app(scope, self._sent.get, send)
        finally:
            self._came.put_nowait(None)


async def post(app: ASGIApp, path: str, call: object, headers: Mapping[str, str] | None = None) -> bytes:
    """Send JSON and return the content of the answer, empty for none."""
    return await _request(app, "POST", path, msgspec.json.encode(call), headers or {})


async def get(app: ASGIApp, path: str) -> bytes:
    return await _request(app, "GET", path, b"", {})


async def _request(app: ASGIApp, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    scope = _scope("http", path, {"content-type": "application/json", **headers})
    scope["method"] = method
    came: list[bytes] = []
    bodies = [body]
    over = asyncio.Event()

    async def receive() -> Message:
        if bodies:
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}
        await over.wait()
        return {"type": "http.disconnect"}

    async def send(event: Message) -> None:
        if event["type"] == "http.response.body":
            came.append(event.get("body", b""))

    try:
        await app(scope, receive, send)
    finally:
        over.set()
    return b"".join(came)
