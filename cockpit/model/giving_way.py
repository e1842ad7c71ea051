"""How long work gives way to requests between its slices."""

import asyncio

TURNS = 4
"""Turns of the event loop: in each, requests that wait are answered for 0.2 ms. With one only, work in slices of 0.2 ms
takes every second moment, and a thousand requests a second wait for its end.
"""


async def give_way() -> None:
    """Let the event loop do what else waits."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
