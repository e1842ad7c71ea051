"""The sandbox's own endpoint: what the venue and its chains hold, and the faults of a rehearsal."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from venue.protocol.units import NS_PER_S
from venue.sandbox.alarms import AlarmBoard
from venue.sandbox.base.described import described
from venue.sandbox.base.fault_values import DepositRequest, OneTimeFaults
from venue.sandbox.base.faults import Faults, FaultTable
from venue.sandbox.flow.guests import AccountOrder, Guest
from venue.sandbox.flow.traders import Traders
from venue.sandbox.http_apps import json_response
from venue.sandbox.scenario.asks import AskedQuotes, AskOrder
from venue.sandbox.serving.control_paths import CONTROL_PATHS

MAX_BODY_BYTES = 1 << 20


class _Forward(msgspec.Struct, forbid_unknown_fields=True):
    forward_s: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    life_s: Annotated[float, msgspec.Meta(ge=-31_536_000, le=315_360_000)]


class _Running(msgspec.Struct, forbid_unknown_fields=True):
    running: bool


def control_app(
    *,
    state: Callable[[str | None], dict[str, object]],
    chains: Callable[[], dict[str, object]],
    faults: FaultTable,
    traders: Traders,
    trigger: Callable[[OneTimeFaults], None],
    issue_token: Callable[[float], str],
    forward: Callable[[int], int],
    alarms: AlarmBoard,
    open_account: Callable[[AccountOrder], Guest],
    ask: Callable[[AskOrder], Awaitable[AskedQuotes]],
) -> Starlette:
    """Serve what ``CONTROL_PATHS`` describes; ``GET /`` returns it."""

    async def describe(_: Request) -> Response:
        return json_response(
            {
                "paths": {name: path.meaning for name, path in CONTROL_PATHS.items()},
                "examples": {name: path.body or path.query for name, path in CONTROL_PATHS.items()},
                "faults": sorted(Faults.__struct_fields__),
                "once": sorted(OneTimeFaults.__struct_fields__),
                "values": {
                    field.name: f"{field.values} {field.unit}".strip()
                    for field in (*described(Faults), *described(OneTimeFaults))
                },
            }
        )

    async def post_accounts(request: Request) -> Response:
        order = msgspec.convert(await _body(request), AccountOrder)
        return json_response(msgspec.to_builtins(open_account(order)))

    async def healthz(_: Request) -> Response:
        return json_response({"ok": True})

    async def get_state(request: Request) -> Response:
        return json_response(state(request.query_params.get("account")))

    async def get_chains(_: Request) -> Response:
        return json_response(chains())

    async def get_faults(request: Request) -> Response:
        usual = request.query_params.get("usual") is not None
        return json_response(msgspec.to_builtins(Faults() if usual else faults.current))

    async def post_faults(request: Request) -> Response:
        trigger(faults.apply(await _body(request)))
        return json_response(msgspec.to_builtins(faults.current))

    async def post_deposit(request: Request) -> Response:
        deposit = msgspec.convert(await _body(request), DepositRequest, strict=False)
        faults.check_deposit(deposit)
        trigger(OneTimeFaults(deposit=deposit))
        return json_response({"ok": True})

    async def post_traders(request: Request) -> Response:
        if msgspec.convert(await _body(request), _Running).running:
            traders.run()
        else:
            traders.pause()
        return json_response({"running": traders.running})

    async def get_takers(request: Request) -> Response:
        return json_response(traders.register.view(request.query_params.get("account")))

    async def post_ask(request: Request) -> Response:
        order = msgspec.convert(await _body(request), AskOrder)
        return json_response(msgspec.to_builtins(await ask(order)))

    async def post_time(request: Request) -> Response:
        by_ns = int(msgspec.convert(await _body(request), _Forward).forward_s * NS_PER_S)
        return json_response({"now_ns": forward(by_ns)})

    async def post_token(request: Request) -> Response:
        return json_response({"token": issue_token(msgspec.convert(await _body(request), _Token).life_s)})

    async def get_alarms(_: Request) -> Response:
        return json_response(alarms.state())

    async def post_alarms(request: Request) -> Response:
        return json_response(alarms.apply(await _body(request)))

    async def malformed(request: Request, error: Exception) -> Response:
        called = CONTROL_PATHS.get(f"{request.method} {request.url.path}")
        example = {} if called is None or not called.body else {"example": json.loads(called.body)}
        return json_response({"error": str(error)} | example, 400)

    async def missing(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        told = f"there is no such call; there are {', '.join(CONTROL_PATHS)}"
        return json_response({"error": told}, error.status_code, dict(error.headers or {}))

    return Starlette(
        routes=[
            Route("/", describe),
            Route("/healthz", healthz),
            Route("/accounts", post_accounts, methods=["POST"]),
            Route("/state", get_state),
            Route("/chains", get_chains),
            Route("/faults", get_faults),
            Route("/faults", post_faults, methods=["POST"]),
            Route("/deposit", post_deposit, methods=["POST"]),
            Route("/alarms", get_alarms),
            Route("/alarms", post_alarms, methods=["POST"]),
            Route("/ask", post_ask, methods=["POST"]),
            Route("/time", post_time, methods=["POST"]),
            Route("/token", post_token, methods=["POST"]),
            Route("/takers", get_takers),
            Route("/traders", post_traders, methods=["POST"]),
        ],
        exception_handlers={msgspec.ValidationError: malformed, ValueError: malformed, 404: missing, 405: missing},
    )


async def _body(request: Request) -> object:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(f"a body has {MAX_BODY_BYTES:,} bytes at most")
    try:
        return json.loads(bytes(body))
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
