"""Waiting for something to become true, with a deadline instead of a fixed sleep."""

import asyncio
import inspect
import time
from collections.abc import Callable

POLL_S = 0.02


async def until(condition: Callable[[], object], within_s: float = 20, what: str = "") -> None:
    """Ask (and await) again and again until the answer is true; AssertionError after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while True:
        answer = condition()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what or inspect.getsource(condition).strip()}"
        await asyncio.sleep(POLL_S)
