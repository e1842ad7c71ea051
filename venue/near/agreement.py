"""How many endpoints must say the same, and their answers side by side."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from venue.transport.errors import VenueError

T = TypeVar("T")

ENOUGH = 2
"""Endpoints that must say the same, where so many are configured."""


async def answers(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Return what those answered that did; a failed call has no say."""
    found = []
    for one in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(one, VenueError):
            continue
        if isinstance(one, BaseException):
            raise one
        found.append(one)
    return found
