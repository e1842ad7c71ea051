"""The endpoints over HTTP: the relay's, the two NEAR RPC nodes', the bridges', and the venue's alarms."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from venue.sandbox.alarms import AlarmBoard
from venue.sandbox.base.fault_values import Endpoint, Gateway, LostAnswer, Node
from venue.sandbox.base.faults import Faults, FaultTable
from venue.sandbox.base.lies import bridge_answer, near_answer, relay_answer, spoiled
from venue.sandbox.base.lost_answers import answer_lost_call
from venue.sandbox.base.runtime import Background
from venue.sandbox.bridges.omni_api import OmniApi
from venue.sandbox.relay.rpc import RelayRpc
from venue.sandbox.relay.websocket import RelaySocket

ANY_ORIGIN = [Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])]
"""A page in a browser may call the venue from anywhere, as it may the real one."""

Handler = Callable[[object], Awaitable[dict[str, object]]]


def json_response(answer: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Encode JSON with integers of any size as bare numbers, as the bridge does."""
    return Response(msgspec.json.encode(answer), status, headers, media_type="application/json")


SENDING = frozenset(("send_tx", "broadcast_tx_commit", "broadcast_tx_async"))
PUBLISHING = frozenset(("publish_intent", "publish_intents"))


def relay_app(socket: RelaySocket, rpc: RelayRpc, faults: FaultTable, background: Background) -> Starlette:
    """Serve the relay: ``/ws`` and ``/rpc``."""

    async def answer(request: Request) -> Response:
        method, body = request.query_params.get("method"), await request.body()
        broken = await _broken(faults.current.relay_rpc, faults.current)
        if broken is not None:
            return broken

        async def act() -> Response:
            status, content = await rpc.handle(method, body, request.headers)
            lie = faults.current.relay_rpc_lies
            if lie is None or status != 200:
                return json_response(content, status)
            return _spoiled(lie, relay_answer(lie, _decoded(body, method), content))

        lost = faults.next_publish_fault() if _method(body, method) in PUBLISHING else None
        return await _act(act, lost, request, background)

    return Starlette(
        routes=[WebSocketRoute("/ws", socket.serve), Route("/rpc", answer, methods=["POST"])], middleware=ANY_ORIGIN
    )


def bridge_app(handle: Handler, faults: FaultTable, *, status: int = 200) -> Starlette:
    """Serve the bridge at ``/rpc`` with this HTTP ``status``, with the faults of the table."""

    async def answer(request: Request) -> Response:
        broken = await _broken(faults.current.bridge, faults.current)
        if broken is not None:
            return broken
        lie = faults.current.bridge_lies
        if lie is None:
            return await _call(handle, await request.body(), status)
        asked = _decoded(await request.body())
        return _spoiled(lie, bridge_answer(lie, asked, await handle(asked)))

    return Starlette(routes=[Route("/rpc", answer, methods=["POST"])], middleware=ANY_ORIGIN)


def alarm_app(board: AlarmBoard, faults: FaultTable) -> Starlette:
    """Serve SHIELD's ``/public/status`` and the status page's ``/api/posts``, with the faults of the table."""

    async def status(_: Request) -> Response:
        now = faults.current
        return await _broken(now.shield, now) or json_response(board.status(now.shield_count))

    async def posts(_: Request) -> Response:
        now = faults.current
        return await _broken(now.status_page, now) or json_response(board.posts())

    return Starlette(routes=[Route("/public/status", status), Route("/api/posts", posts)])


def omni_app(api: OmniApi, faults: FaultTable) -> Starlette:
    """Serve the Omni bridge's API below ``/api``, with the faults of the table."""

    async def answer(request: Request) -> Response:
        broken = await _broken(faults.current.omni.api, faults.current)
        if broken is not None:
            return broken
        status, content = api.answer(request.url.path, dict(request.query_params))
        return json_response(content, status)

    return Starlette(routes=[Route("/{path:path}", answer)], middleware=ANY_ORIGIN)


def near_app(handle: Handler, faults: FaultTable, node: Node, background: Background) -> Starlette:
    """Serve one NEAR RPC node at ``/``, with the faults of the table."""

    async def answer(request: Request) -> Response:
        now = faults.current
        broken = await _broken(now.near_a if node == "near_a" else now.near_b, now)
        if broken is not None:
            return broken
        body = await request.body()
        lost = faults.next_send_fault(node) if _method(body) in SENDING else None

        async def act() -> Response:
            lie = faults.current.near_lies.get(node)
            if lie is None:
                return await _call(handle, body)
            asked = _decoded(body)
            return _spoiled(lie, near_answer(lie, asked, await handle(asked)))

        return await _act(act, lost, request, background)

    async def get(request: Request) -> Response:
        now = faults.current
        broken = await _broken(now.near_a if node == "near_a" else now.near_b, now)
        if broken is not None:
            return broken
        answered = await handle({"id": "", "method": request.url.path.strip("/"), "params": []})
        return json_response(answered.get("result"))

    gets = [Route(path, get, methods=["GET"]) for path in ("/status", "/health", "/network_info")]
    return Starlette(routes=[Route("/", answer, methods=["POST"]), *gets], middleware=ANY_ORIGIN)


async def _broken(how: Endpoint | Gateway, faults: Faults) -> Response | None:
    """Return a broken endpoint's answer to any request; None when it answers after all."""
    match how:
        case "401":
            return json_response({"error": "Unauthorized"}, 401)
        case "403":
            return PlainTextResponse("Forbidden", 403)
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
    return None


async def _act(
    act: Callable[[], Awaitable[Response]], lost: LostAnswer | None, request: Request, background: Background
) -> Response:
    return await act() if lost is None else await answer_lost_call(lost, act, request, background)


def _spoiled(lie: str, answer: dict[str, object]) -> Response:
    return Response(spoiled(lie, answer), media_type="application/json")


def _decoded(body: bytes, method: str | None = None) -> object:
    """Return the call, under the ``method`` of its URL where it names none; None for no JSON."""
    try:
        call = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None
    return {"method": method, **call} if isinstance(call, dict) else call


def _method(body: bytes, default: str | None = None) -> str | None:
    call = _decoded(body, default)
    method = call.get("method") if isinstance(call, dict) else default
    return method if isinstance(method, str) else default


async def _call(handle: Handler, raw: bytes, status: int = 200) -> Response:
    try:
        body = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        error = {"code": -32700, "message": "Parse error", "name": "REQUEST_VALIDATION_ERROR"}
        return json_response({"jsonrpc": "2.0", "id": None, "error": error})
    return json_response(await handle(body), status)
