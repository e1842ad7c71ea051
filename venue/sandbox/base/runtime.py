"""What one running venue has once: a clock that can be put forward, and its background tasks."""

import asyncio
import logging
from collections.abc import Callable, Coroutine

logger = logging.getLogger("venue.sandbox")


class ShiftedClock:
    """UTC nanoseconds: ``base`` plus the time it was put forward. It never goes back."""

    def __init__(self, base: Callable[[], int]) -> None:
        self._base = base
        self.offset_ns = 0

    def __call__(self) -> int:
        return self._base() + self.offset_ns

    def forward(self, by_ns: int) -> None:
        """Put the clock forward; ValueError for a step back."""
        if by_ns < 0:
            raise ValueError("the venue's time can only be put forward")
        self.offset_ns += by_ns


class Background:
    """Tasks that end with the venue. ``failures`` counts those that ended with an exception, which is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self.failures = 0

    def spawn(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures += 1
            logger.error("%s failed", task.get_name(), exc_info=error)

    async def stop(self) -> None:
        """Cancel the running tasks and wait until they have ended."""
        running = tuple(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
