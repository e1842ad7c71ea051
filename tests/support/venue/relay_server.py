"""A Message Bus that a test controls, and a listener that records."""

import http
import json
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Literal

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from cockpit.model.events import SwapDemand
from venue.protocol.tokens import BTC, EURE
from venue.relay.messages import QuoteStatus

CLOSE_S = 0.3
"""How long the end of a test waits for a connection that nobody reads any more."""

TOKEN = "bearer-Zq7-never-to-be-seen"

_SILENT = logging.getLogger("tests.relay_server")
_SILENT.setLevel(logging.CRITICAL)


Full = Literal["filter", "guaranteed", "extended"]
"""The forms of a subscription that an older relay does not know."""


def _is_full(params: list[Any]) -> Full | None:
    if params[0] == "quote_status_extended":
        return "extended"
    if len(params) > 1:
        return "filter" if params[0] == "quote" else "guaranteed"
    return None


class RelayServer:
    """Checks the token, acknowledges as many subscriptions of a connection as ``acknowledges`` says, keeps the rest.

    ``refuses``, ``ignores``, ``hangs_up_on``: forms that it answers with an error, not at all, or by closing.
    ``status``: refuse every handshake with it; ``refuses_instance``: only one with a query.
    """

    def __init__(self) -> None:
        self.url = ""
        self.token = TOKEN
        self.acknowledges = 2
        self.error: object = None
        self.refuses: set[Full] = set()
        self.ignores: set[Full] = set()
        self.hangs_up_on: set[Full] = set()
        self.status: http.HTTPStatus | None = None
        self.refuses_instance = False
        self.paths: list[str] = []
        self.forms: list[list[list[Any]]] = []
        self.acknowledged: list[list[Any]] = []
        self.connections: list[ServerConnection] = []
        self.subscribed: list[list[str]] = []
        self.frames: list[Any] = []
        self.refused = 0
        self.headers: list[dict[str, str]] = []

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse the handshake with 401 unless the token is right."""
        self.headers.append(dict(request.headers.raw_items()))
        self.paths.append(request.path)
        if self.status is not None:
            return connection.respond(self.status, "no\n")
        if self.refuses_instance and "?" in request.path:
            return connection.respond(http.HTTPStatus.BAD_REQUEST, "unknown query\n")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            self.refused += 1
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no such key\n")
        return None

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection until it ends."""
        topics: list[str] = []
        forms: list[list[Any]] = []
        self.connections.append(connection)
        self.subscribed.append(topics)
        self.forms.append(forms)
        async for raw in connection:
            call = json.loads(raw)
            if call.get("method") == "acknowledge":
                self.acknowledged.append(call["params"])
                await connection.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": "OK"}))
                continue
            if call.get("method") != "subscribe":
                self.frames.append(call)
                continue
            params = call["params"]
            forms.append(params)
            full = _is_full(params)
            if full in self.ignores:
                continue
            if full in self.hangs_up_on:
                await connection.close(1008, "what is this")
                return
            if self.error is not None or full in self.refuses:
                error = self.error or {"code": -32602, "message": "Invalid params"}
                await connection.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], "error": error}))
            elif len(topics) < self.acknowledges:
                topics.append(params[0])
                await connection.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": f"sub-{len(topics)}"}))

    async def send(self, frame: object) -> None:
        """Send one message: text and bytes unchanged, lists in fragments, anything else as JSON."""
        message = frame if isinstance(frame, str | bytes) else json.dumps(frame)
        await self.connections[-1].send(message)

    async def send_fragments(self, parts: Iterable[str]) -> None:
        """Send one message in several frames."""
        await self.connections[-1].send(parts)


@asynccontextmanager
async def running() -> AsyncIterator[RelayServer]:
    relay = RelayServer()
    async with serve(
        relay.handle,
        "127.0.0.1",
        0,
        process_request=relay.check,
        logger=_SILENT,
        compression=None,
        ping_interval=None,
        close_timeout=CLOSE_S,
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        relay.url = f"ws://127.0.0.1:{port}/ws"
        yield relay


class RecordingListener:
    def __init__(self) -> None:
        self.requests: list[SwapDemand] = []
        self.received: list[int] = []
        self.statuses: list[QuoteStatus] = []
        self.answers: list[tuple[int, str | None]] = []
        self.codes: list[int | None] = []
        self.lost: list[str] = []

    def on_request(self, request: SwapDemand, received_ns: int) -> None:
        self.requests.append(request)
        self.received.append(received_ns)

    def on_status(self, status: QuoteStatus) -> None:
        self.statuses.append(status)

    def on_answer(self, request_id: int, error: str | None, code: int | None = None) -> None:
        self.answers.append((request_id, error))
        self.codes.append(code)

    def on_lost(self, reason: str) -> None:
        self.lost.append(reason)


def request_data(**changes: object) -> dict[str, object]:
    """Return the fields of a request of the pair; a change to ... leaves the field out."""
    data: dict[str, object] = {
        "quote_id": "q-1",
        "defuse_asset_identifier_in": BTC.token_id,
        "defuse_asset_identifier_out": EURE.token_id,
        "exact_amount_in": "1000",
        "min_deadline_ms": 60_000,
    }
    data.update(changes)
    return {name: value for name, value in data.items() if value is not ...}


def event(data: dict[str, object], **extra: object) -> dict[str, object]:
    """Wrap the data in the envelope the relay sends."""
    return {"jsonrpc": "2.0", "method": "event", "params": {"subscription": "s", "data": data, **extra}}


def flat(data: dict[str, object]) -> dict[str, object]:
    """Wrap the data in the envelope of the documentation."""
    return {"jsonrpc": "2.0", "method": "subscribe", "params": {"subscription": "s", **data}}
