"""A bound on what one request may make the venue hold."""

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

MOST_BYTES = 10 * 1024 * 1024
"""Of one request's body, as nearcore has it."""


def limited(scope: Scope, receive: Receive, *, most: int = MOST_BYTES) -> Receive:
    """Return ``receive`` for an application of Starlette, which answers 413 to a body past the bound."""
    if scope["type"] != "http":
        return receive
    left = most

    async def bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, "Payload Too Large", {"Connection": "close"})
        return message

    return bounded
