"""The sandbox's own endpoint: what the ledger really holds, and the switches of a rehearsal."""

import json
from collections.abc import Callable
from typing import Annotated

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from venue.sandbox.base.faults import DepositRequest, Strikes, Switches
from venue.sandbox.flow.traders import Traders
from venue.sandbox.relay.http_apps import json_response


class _Forward(msgspec.Struct, forbid_unknown_fields=True):
    forward_s: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]


class _Running(msgspec.Struct, forbid_unknown_fields=True):
    running: bool


def control_app(
    *,
    state: Callable[[str | None], dict[str, object]],
    chains: Callable[[], dict[str, object]],
    switches: Switches,
    traders: Traders,
    strike: Callable[[Strikes], None],
    forward: Callable[[int], int],
) -> Starlette:
    """``GET /healthz``, ``GET /state`` (``?account=`` for its fills only), ``GET /chains``, ``GET`` and
    ``POST /faults``, ``POST /deposit``, ``POST /traders``, ``POST /time`` (``forward_s``)."""

    async def healthz(_: Request) -> Response:
        return json_response({"ok": True})

    async def get_state(request: Request) -> Response:
        return json_response(state(request.query_params.get("account")))

    async def get_chains(_: Request) -> Response:
        return json_response(chains())

    async def get_faults(_: Request) -> Response:
        return json_response(msgspec.to_builtins(switches.faults))

    async def post_faults(request: Request) -> Response:
        strikes = switches.order(await _body(request))
        strike(strikes)
        return json_response(msgspec.to_builtins(switches.faults))

    async def post_deposit(request: Request) -> Response:
        strike(Strikes(deposit=msgspec.convert(await _body(request), DepositRequest, strict=False)))
        return json_response({"ok": True})

    async def post_traders(request: Request) -> Response:
        if msgspec.convert(await _body(request), _Running).running:
            traders.run()
        else:
            traders.pause()
        return json_response({"running": traders.running})

    async def post_time(request: Request) -> Response:
        by_ns = int(msgspec.convert(await _body(request), _Forward).forward_s * 1_000_000_000)
        return json_response({"now_ns": forward(by_ns)})

    async def malformed(_: Request, error: Exception) -> Response:
        return json_response({"error": str(error)}, 400)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/state", get_state),
            Route("/chains", get_chains),
            Route("/faults", get_faults),
            Route("/faults", post_faults, methods=["POST"]),
            Route("/deposit", post_deposit, methods=["POST"]),
            Route("/time", post_time, methods=["POST"]),
            Route("/traders", post_traders, methods=["POST"]),
        ],
        exception_handlers={msgspec.ValidationError: malformed, ValueError: malformed},
    )


async def _body(request: Request) -> object:
    return json.loads(await request.body())
