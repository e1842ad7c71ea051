"""The loop of the machines: what a thread does there is awaited however long it takes."""

import asyncio
import threading

from tests.support.still_loop import StillLoop


def test_no_deadline_ends_while_a_thread_works() -> None:
    ended = threading.Event()

    async def slow_work() -> bool:
        asyncio.get_running_loop().call_later(0.05, ended.set)
        async with asyncio.timeout(0.001):
            return await asyncio.to_thread(ended.wait, 0.02)

    loop = StillLoop()
    try:
        assert loop.run_until_complete(slow_work()) is False
        assert not ended.is_set()
    finally:
        loop.close()
