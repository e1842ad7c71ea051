"""What every route of the control API shares: reading a body and answering in JSON."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from cockpit.desk.api.errors import InvalidBodyError
from cockpit.model.commands import CommandRequest, Result
from venue.transport.jsonrpc import plain

MAX_BODY = 16 * 1024
MAX_NAME = 200
"""Characters of an actor and of a command id."""
MAX_DEPTH = 16
"""Objects and lists in each other; the deepest command has two. What is read at all could be too deep to be written."""

STOP_BODY_S = 2.0
"""How long a command that has been carried out already waits for the body that says who sent it."""

_BODY = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
"""Limits are amounts: they are never read through a float."""


def as_json(value: object, status: int = 200) -> Response:
    return json_response(msgspec.json.encode(value), status)


def json_response(encoded: bytes, status: int = 200) -> Response:
    return Response(encoded, status, media_type="application/json")


def result_response(result: Result) -> Response:
    """Return a command's outcome: 200 accepted, 409 refused."""
    return as_json(result, 200 if result.accepted else 409)


async def read_body(http: HttpRequest) -> tuple[CommandRequest, dict[str, object]]:
    """Return who asks, and the rest of the body; an empty body is an anonymous request. Raises InvalidBodyError."""
    raw = await _raw(http)
    try:
        body = _BODY.decode(raw) if raw.strip() else {}
        who = {name: body.pop(name) for name in ("command_id", "actor") if name in body}
        request = msgspec.convert(who, CommandRequest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidBodyError(plain(f"the body must be a JSON object: {exc}")) from None
    if _is_deep(body):
        raise InvalidBodyError(f"the body has more than {MAX_DEPTH} objects and lists in each other")
    for name in (request.actor, request.command_id):
        # They are shown, and printed by programs that do not clean what a terminal would act on.
        if len(name) > MAX_NAME or not (name or " ").isprintable():
            raise InvalidBodyError(f"the body's actor and command_id must be one line of at most {MAX_NAME} characters")
    return request, body


async def read_after_acting(http: HttpRequest) -> tuple[CommandRequest, dict[str, object], str]:
    """Return who asked for what was carried out already, the rest of the body, and why the body could not be read.

    Never fails: what cannot be read, and what does not arrive, is an anonymous request.
    """
    try:
        async with asyncio.timeout(STOP_BODY_S):
            return *await read_body(http), ""
    except InvalidBodyError as error:
        return CommandRequest(), {}, str(error)
    except TimeoutError:
        return CommandRequest(), {}, f"the body did not arrive within {STOP_BODY_S:g} s"
    except ClientDisconnect:
        return CommandRequest(), {}, "the body did not arrive: the connection was closed"


def _is_deep(body: dict[str, object]) -> bool:
    level: list[object] = [body]
    for _ in range(MAX_DEPTH + 1):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [value for values in inner for value in values]
    return bool(level)


async def _raw(http: HttpRequest) -> bytes:
    raw = bytearray()
    async for chunk in http.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise InvalidBodyError(f"the body has more than {MAX_BODY} bytes")
    return bytes(raw)
