"""Calls whose answer is lost: what happens all the same, and what the caller sees instead of an answer."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from venue.sandbox.base.fault_values import LostAnswer
from venue.sandbox.base.runtime import Background

Act = Callable[[], Awaitable[Response]]


async def answer_lost_call(lost: LostAnswer, act: Act, request: Request, background: Background) -> Response:
    """Run ``act`` or not, later or twice, and answer as ``lost`` says."""
    match lost.mode:
        case "twice":
            await act()
            return await act()
        case "garbled":
            answer = await act()
            return Response(bytes(answer.body) * 2, answer.status_code, media_type=answer.media_type)
        case "swallow":
            await act()
        case "late":
            background.spawn(_later(act, lost.delay_s), "sandbox call that happens late")
        case "drop":
            pass
    return await _silence(lost, request)


async def _later(act: Act, delay_s: float) -> None:
    await asyncio.sleep(delay_s)
    await act()


async def _silence(lost: LostAnswer, request: Request) -> Response:
    match lost.silence:
        case "close":
            return _Cut()
        case "500":
            return PlainTextResponse("Internal Server Error", 500)
        case "timeout":
            while (await request.receive())["type"] != "http.disconnect":
                continue
            return Response(status_code=504)


class _Cut(Response):
    """Ends in the middle: the server closes the connection when fewer bytes come than announced."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1024")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
