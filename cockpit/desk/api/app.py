"""The control API: HTTP and a websocket on the desk's Unix socket, JSON throughout.

One path for each of the seven parts, the whole state, the stream of snapshots, and shutdown.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.errors import InvalidBodyError
from cockpit.desk.api.json_http import as_json, json_response, read_after_acting, read_body, result_response
from cockpit.desk.api.operator_signs import NoteCommands, read_reports
from cockpit.desk.api.snapshot_stream import Frame, MadeSnapshot, SnapshotStream
from cockpit.model.commands import ARMABLE, PARTS, REFRESHABLE, Armable, Part
from cockpit.model.snapshot import PartHealth, Snapshot


async def _at_once() -> None:
    return


class Api:
    """Routes to the desk. ``identity`` is what ``/healthz`` returns; ``made`` makes a snapshot of a moment after it is
    called; ``health`` tells how a part is now.

    ``reading``: routes that change nothing, on both sockets. ``quiet`` returns once no quote that was written is still
    in this process; disarming is acknowledged after it.
    """

    def __init__(
        self,
        control: CommandHandler,
        stream: SnapshotStream,
        *,
        made: Callable[[], Awaitable[MadeSnapshot]],
        health: Callable[[Part], PartHealth],
        part_state: Callable[[Part, Snapshot], object],
        identity: dict[str, str],
        routes: Sequence[BaseRoute] = (),
        reading: Sequence[BaseRoute] = (),
        quiet: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        self._control = control
        self._stream = stream
        self._made = made
        self._health = health
        self._part_state = part_state
        self._identity = identity
        self._routes = routes
        self._more_reading = reading
        self._quiet = quiet

    def read_only_app(self) -> Starlette:
        """Return the application for those who may look and not command: no route of it changes anything."""
        routes: list[BaseRoute] = [
            *self._reading(),
            WebSocketRoute("/stream", self._snapshots_read_only),
        ]
        return Starlette(routes=routes, exception_handlers={404: _read_only, 405: _read_only})

    def _reading(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [Route("/healthz", self._healthz), Route("/state", self._state)]
        for part in PARTS:
            routes.append(Route(f"/{part}/healthz", self._part_healthz(part)))
            routes.append(Route(f"/{part}/state", self._part(part)))
        return [*routes, *self._more_reading]

    def app(self) -> Starlette:
        routes: list[BaseRoute] = [
            *self._reading(),
            Route("/shutdown", self._shutdown, methods=["POST"]),
            Route("/strategy-engine/limits", self._limits, methods=["PUT"]),
            Route("/strategy-engine/trading", self._trading, methods=["PUT"]),
            Route("/trade-executor/hard-stop", self._hard_stop, methods=["POST"]),
            WebSocketRoute("/stream", self._snapshots),
        ]
        routes += [Route(f"/{part}/refresh", self._refresh(part), methods=["POST"]) for part in REFRESHABLE]
        for armable in ARMABLE:
            routes.append(Route(f"/{armable}/arm", self._arm(armable), methods=["POST"]))
            routes.append(Route(f"/{armable}/disarm", self._disarm(armable), methods=["POST"]))
        routes += self._routes
        return Starlette(
            routes=routes,
            middleware=[Middleware(NoteCommands, self._note_command)],
            exception_handlers={InvalidBodyError: _bad_body, 404: _not_found, 405: _not_allowed},
        )

    def _note_command(self) -> None:
        self._stream.operators.sign()

    async def _healthz(self, http: HttpRequest) -> Response:
        return as_json({"ok": True, **self._identity, "pid": os.getpid()})

    async def _state(self, http: HttpRequest) -> Response:
        return json_response((await self._made()).json())

    async def _shutdown(self, http: HttpRequest) -> Response:
        self._control.disarm_everything("the desk is stopped")
        request, _, unread = await read_after_acting(http)
        result = self._control.shutdown(request, unread)
        await self._quiet()
        return result_response(result)

    async def _hard_stop(self, http: HttpRequest) -> Response:
        live = self._control.begin_hard_stop()
        request, _, unread = await read_after_acting(http)
        result = self._control.hard_stop(request, unread, live=live)
        await self._quiet()
        return result_response(result)

    async def _limits(self, http: HttpRequest) -> Response:
        request, patch = await read_body(http)
        return result_response(await self._control.limits(patch, request))

    async def _trading(self, http: HttpRequest) -> Response:
        request, body = await read_body(http)
        return result_response(self._control.trading(body, request))

    def _part_healthz(self, part: Part) -> Any:
        async def healthz(http: HttpRequest) -> Response:
            health = self._health(part)
            return as_json(health, 503 if health.state == "down" else 200)

        return healthz

    def _part(self, part: Part) -> Any:
        async def state(http: HttpRequest) -> Response:
            return as_json(self._part_state(part, (await self._made()).snapshot))

        return state

    def _refresh(self, part: Part) -> Any:
        async def refresh(http: HttpRequest) -> Response:
            request, _ = await read_body(http)
            return result_response(await self._control.refresh(part, request))

        return refresh

    def _arm(self, part: Armable) -> Any:
        async def arm(http: HttpRequest) -> Response:
            request, _ = await read_body(http)
            return result_response(self._control.arm(part, request))

        return arm

    def _disarm(self, part: Armable) -> Any:
        async def disarm(http: HttpRequest) -> Response:
            was_armed = self._control.disarm_at_once(part)
            request, _, unread = await read_after_acting(http)
            result = self._control.disarm(part, request, unread=unread, was_armed=was_armed)
            # What is acknowledged must be true: no quote that was written before may leave afterwards.
            await self._quiet()
            return result_response(result)

        return disarm

    async def _snapshots(self, socket: WebSocket) -> None:
        await self._send_snapshots(socket, operator=True)

    async def _snapshots_read_only(self, socket: WebSocket) -> None:
        await self._send_snapshots(socket, operator=False)

    async def _send_snapshots(self, socket: WebSocket, *, operator: bool) -> None:
        """Send every snapshot until the cockpit disconnects; a slow reader misses some and never delays others."""
        await socket.accept()
        frame: asyncio.Task[Frame] | None = None
        with self._stream.attached(operator=operator) as frames:
            gone = asyncio.create_task(read_reports(socket, frames.cockpit))
            try:
                while True:
                    frame = asyncio.create_task(frames.next())
                    await asyncio.wait({frame, gone}, return_when=asyncio.FIRST_COMPLETED)
                    if gone.done():
                        return
                    await socket.send_text(frame.result().text)
                    if frames.cockpit is not None:
                        frames.cockpit.sent(frame.result().seq)
            except (WebSocketDisconnect, OSError, RuntimeError):
                return
            finally:
                gone.cancel()
                if frame is not None:
                    frame.cancel()


async def _read_only(http: HttpRequest, exc: Exception) -> Response:
    reason = f"this socket is read-only: {http.method} {http.url.path} was not carried out; use the desk's own socket"
    return as_json({"error": reason}, 403)


async def _bad_body(http: HttpRequest, exc: Exception) -> Response:
    return as_json({"error": str(exc)}, 400)


async def _not_found(http: HttpRequest, exc: Exception) -> Response:
    return as_json({"error": f"unknown path {http.url.path}; the parts are {', '.join(PARTS)}"}, 404)


async def _not_allowed(http: HttpRequest, exc: Exception) -> Response:
    return as_json({"error": f"{http.url.path} does not take {http.method}"}, 405)
