"""What the control API takes as a sign of a person: a cockpit's reports, and commands."""

from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from cockpit.desk.risk.operators import AttachedCockpit
from cockpit.model.commands import UNATTENDED, OperatorReport

BY_ITSELF = frozenset({"/liquidity-manager/withdrawal-estimate"})
"""Posted by an open dialog every few seconds, whether somebody sits in front of it or not."""
COMMANDED = (200, 409)
"""Accepted, and refused for a reason: a body that cannot be read, or an unknown path, is no command."""

_REPORT = msgspec.json.Decoder(OperatorReport)


async def read_reports(socket: WebSocket, cockpit: AttachedCockpit | None) -> None:
    """Pass on the reports until the cockpit disconnects. ``cockpit``: None for one that only looks."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if cockpit is None or text is None:
            continue
        try:
            report = _REPORT.decode(text)
        except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
            continue
        cockpit.report(report)


class NoteCommands:
    """Calls ``note`` for every command over HTTP, accepted or refused, unless a program says that it sent it."""

    def __init__(self, app: ASGIApp, note: Callable[[], None]) -> None:
        self._app = app
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] != "http" or scope["method"] in ("GET", "HEAD") or scope["path"] in BY_ITSELF
        asks = asks or (UNATTENDED.encode(), b"1") in scope["headers"]

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in COMMANDED:
                self._note()
            await send(message)

        await self._app(scope, receive, send if asks else noting)
