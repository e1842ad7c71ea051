"""Waiting on conditions, never on the clock."""

import asyncio
from collections.abc import Callable

PATIENCE_S = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; TimeoutError when it does not for a long time."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)
