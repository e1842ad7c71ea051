"""The JSON-RPC endpoints over HTTP: the relay's, the two NEAR RPC nodes and the bridge."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from venue.sandbox.faults import Switches
from venue.sandbox.relay_rpc import RelayRpc
from venue.sandbox.relay_socket import RelaySocket

Handler = Callable[[object], Awaitable[dict[str, object]]]


def json_response(answer: object, status: int = 200) -> Response:
    """JSON with integers of any size as bare numbers, as the bridge writes them."""
    return Response(json.dumps(answer), status, media_type="application/json")


def relay_app(socket: RelaySocket, rpc: RelayRpc) -> Starlette:
    """The relay: ``/ws`` and ``/rpc``."""

    async def answer(request: Request) -> Response:
        method = request.query_params.get("method")
        status, body = await rpc.handle(method, await request.body(), request.headers)
        return json_response(body, status)

    return Starlette(routes=[WebSocketRoute("/ws", socket.serve), Route("/rpc", answer, methods=["POST"])])


def bridge_app(handle: Handler) -> Starlette:
    """The bridge: ``/rpc``."""

    async def answer(request: Request) -> Response:
        return await _call(handle, request)

    return Starlette(routes=[Route("/rpc", answer, methods=["POST"])])


def near_app(handle: Handler, switches: Switches, endpoint: Literal["near_a", "near_b"]) -> Starlette:
    """One NEAR RPC node, at ``/``, that misbehaves as the table of faults says."""

    async def answer(request: Request) -> Response:
        faults = switches.faults
        match faults.near_a if endpoint == "near_a" else faults.near_b:
            case "429":
                return PlainTextResponse("Too Many Requests", 429, headers={"Retry-After": "1"})
            case "500":
                return PlainTextResponse("Internal Server Error", 500)
            case "garbage":
                return Response("<html><body>upstream</body></html>", media_type="text/html")
            case "slow":
                await asyncio.sleep(faults.near_slow_ms / 1000)
            case "ok":
                pass
        return await _call(handle, request)

    return Starlette(routes=[Route("/", answer, methods=["POST"])])


async def _call(handle: Handler, request: Request) -> Response:
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        error = {"code": -32700, "message": "Parse error", "name": "REQUEST_VALIDATION_ERROR"}
        return json_response({"jsonrpc": "2.0", "id": None, "error": error})
    return json_response(await handle(body))
