"""Keeps the desk's workers running: one that fails is counted, logged and restarted."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from venue.transport.jsonrpc import plain

log = logging.getLogger(__name__)

RESTART_AFTER_S = 1.0


class Supervisor:
    """Runs named workers as tasks. ``errors`` holds the last failure of each, on one line."""

    def __init__(self) -> None:
        self.restarts: Counter[str] = Counter()
        self.errors: dict[str, str] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, worker: Callable[[], Awaitable[None]]) -> None:
        """Run the worker until ``stop``; when it raises, restart it a second later."""
        self._tasks.append(asyncio.create_task(self._keep_running(name, worker), name=name))

    async def _keep_running(self, name: str, worker: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await worker()
                return
            except Exception as exc:
                self.restarts[name] += 1
                self.errors[name] = plain(f"{type(exc).__name__}: {exc}")
                log.exception("%s failed and is restarted", name)
            await asyncio.sleep(RESTART_AFTER_S)

    async def stop(self) -> None:
        """Cancel every worker and wait until all have ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
