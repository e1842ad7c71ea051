"""The endpoints of a replay: each answers as the recorded one did."""

import asyncio
import contextlib
import json
from collections import Counter

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from venue.protocol.units import NS_PER_S
from venue.sandbox.recording.frames import FORMAT
from venue.sandbox.replay.calls import keys_of, with_id
from venue.sandbox.replay.script import Course, HttpAnswer, Script, place_of, subscribes
from venue.sandbox.serving.addresses import SERVICES

NOT_RECORDED = "the recording has no answer to this"
NO_MORE = "the recording has no more websockets of {endpoint}; start the replay again"
MOST_BODY = 16 << 20


class Replay:
    """Serves a script; ``speed``: recorded seconds a second. ``counts`` says what was answered and what was not."""

    def __init__(self, script: Script, *, speed: float = 1.0) -> None:
        self._script = script
        self._speed = speed
        self._opened: Counter[str] = Counter()
        self.counts: dict[str, Counter[str]] = {name: Counter() for name in SERVICES}

    def apps(self) -> dict[str, ASGIApp]:
        """Return the endpoints by name; the control endpoint says how far the replay is."""
        return {name: self._control if name == "control" else self._endpoint(name) for name in SERVICES}

    def _endpoint(self, name: str) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await self._http(name, scope, receive, send)
            elif scope["type"] == "websocket":
                await self._websocket(name, scope, receive, send)

        return serve

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        left = {name: len(courses) - self._opened[name] for name, courses in self._script.courses.items()}
        state = {"replay": FORMAT, "websockets_left": left, "counts": {**self.counts}}
        await _json(state, 200)(scope, receive, send)

    async def _http(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        query = scope.get("query_string", b"").decode("latin-1")
        path = scope["path"] + (f"?{query}" if query else "")
        found = self._script.answers.next(keys_of(place_of(name, scope["method"], path), body))
        self.counts[name]["unknown" if found is None else "answered"] += 1
        if found is None:
            await _json({"error": NOT_RECORDED, "method": scope["method"], "path": path}, 404)(scope, receive, send)
        else:
            await _send(found, body, scope, receive, send)

    async def _websocket(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        courses = self._script.courses.get(name, ())
        number = self._opened[name]
        course = courses[number] if number < len(courses) else None
        refused = course.refused if course is not None else _refusal(NO_MORE.format(endpoint=name))
        if course is not None:
            self._opened[name] += 1
        if course is None or refused is not None:
            self.counts[name]["refused"] += 1
            await _deny(refused or HttpAnswer(status=503), scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        self.counts[name]["websockets"] += 1
        await _Conversation(name, course, self.counts[name], self._speed).run(receive, send)


class _Conversation:
    """One websocket: replies at once, and what came unasked in its own time after each subscription."""

    def __init__(self, name: str, course: Course, counts: Counter[str], speed: float) -> None:
        self._name = name
        self._course = course
        self._counts = counts
        self._speed = speed
        self._subscribed: list[float] = [asyncio.get_running_loop().time()]
        self._changed = asyncio.Event()

    async def run(self, receive: Receive, send: Send) -> None:
        reading = asyncio.create_task(self._read(receive, send))
        pushing = asyncio.create_task(self._push(send))
        try:
            await asyncio.wait((reading, pushing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, pushing):
                task.cancel()
            results = await asyncio.gather(reading, pushing, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, OSError):
                raise result

    async def _read(self, receive: Receive, send: Send) -> None:
        while (event := await receive())["type"] == "websocket.receive":
            text = event.get("text")
            content = text.encode() if text is not None else event.get("bytes") or b""
            reply = self._course.replies.next(keys_of((self._name,), content))
            if reply is not None:
                await send({"type": "websocket.send", "text": with_id(reply, content).decode("utf-8", "replace")})
            if subscribes(content):
                self._subscribed.append(asyncio.get_running_loop().time())
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()
            self._counts["calls answered" if reply is not None else "calls unanswered"] += 1

    async def _push(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        for push in self._course.pushes:
            while len(self._subscribed) <= push.subscriptions:
                await self._changed.wait()
            due = self._subscribed[push.subscriptions] + push.after_ns / NS_PER_S / self._speed
            await asyncio.sleep(max(0.0, due - loop.time()))
            if push.content is None:
                await send({"type": "websocket.close", "code": push.code})
                return
            name, content = ("bytes", push.content) if push.binary else ("text", push.content.decode())
            await send({"type": "websocket.send", name: content})
            self._counts["frames sent"] += 1
        await asyncio.get_running_loop().create_future()


async def _body(receive: Receive) -> bytes:
    parts, size = [], 0
    while (event := await receive())["type"] == "http.request":
        part = event.get("body", b"")
        size += len(part)
        if size <= MOST_BODY:
            parts.append(part)
        if not event.get("more_body", False):
            break
    return b"".join(parts)


async def _send(found: HttpAnswer, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
    if found.status is None:
        # The server closes the connection when fewer bytes come than announced.
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1024")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        return
    response = Response(with_id(found.content, body), found.status)
    if found.media is not None:
        response.headers["content-type"] = found.media
    response.headers["access-control-allow-origin"] = "*"
    await response(scope, receive, send)


async def _deny(found: HttpAnswer, scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    response = Response(found.content, found.status or 403, media_type=found.media)
    with contextlib.suppress(OSError):
        await response(scope, receive, send)


def _refusal(message: str) -> HttpAnswer:
    return HttpAnswer(status=503, media="application/json", content=json.dumps({"error": message}).encode())


def _json(value: object, status: int) -> Response:
    return Response(json.dumps(value), status, media_type="application/json")
