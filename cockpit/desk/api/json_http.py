"""What every route of the control API shares: reading a body and answering in JSON."""

from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from cockpit.desk.api.errors import InvalidBodyError
from cockpit.model.commands import CommandRequest, Result

MAX_BODY = 16 * 1024

_BODY = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
"""Limits are amounts: they are never read through a float."""


def as_json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def result_response(result: Result) -> Response:
    """Return a command's outcome: 200 accepted, 409 refused."""
    return as_json(result, 200 if result.accepted else 409)


async def read_body(http: HttpRequest) -> tuple[CommandRequest, dict[str, object]]:
    """Return who asks, and the rest of the body; an empty body is an anonymous request. Raises InvalidBodyError."""
    raw = await http.body()
    if len(raw) > MAX_BODY:
        raise InvalidBodyError(f"the body has {len(raw)} bytes, more than {MAX_BODY}")
    try:
        body = _BODY.decode(raw) if raw.strip() else {}
        who = {name: body.pop(name) for name in ("command_id", "actor") if name in body}
        return msgspec.convert(who, CommandRequest), body
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InvalidBodyError(f"the body must be a JSON object: {exc}") from None
