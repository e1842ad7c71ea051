"""Waiting for something to become true, with a deadline instead of a fixed sleep."""

import asyncio
import inspect
import time
from collections.abc import Callable

POLL_S = 0.01
PATIENCE_S = 60.0
"""What holds soon on a quiet machine may take half a minute on one that others use too."""


async def until(condition: Callable[[], object], within_s: float = PATIENCE_S, what: str = "") -> None:
    """Ask (and await) until the answer is true; AssertionError after ``within_s`` seconds, a minute at least."""
    within_s = max(within_s, PATIENCE_S)
    deadline = time.monotonic() + within_s
    while True:
        answer = condition()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what or inspect.getsource(condition).strip()}"
        await asyncio.sleep(POLL_S)


def until_blocking(condition: Callable[[], bool]) -> None:
    """Wait in a test that has no loop; AssertionError when the condition does not hold for a long time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s"
        time.sleep(POLL_S)
