"""Keeps the desk's workers running: one that fails or ends is counted, logged and restarted."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from venue.transport.jsonrpc import plain

log = logging.getLogger(__name__)

RESTART_AFTER_S = 1.0
ENDED = "it ended without being asked to"


class Supervisor:
    """Runs named workers as tasks. ``workers``: the names of all that were started.

    ``errors`` holds the last failure of each, on one line; ``down``, those that wait for their restart.
    """

    def __init__(self) -> None:
        self.workers: list[str] = []
        self.restarts: Counter[str] = Counter()
        self.errors: dict[str, str] = {}
        self.down: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    def start(self, name: str, worker: Callable[[], Awaitable[None]]) -> None:
        """Run the worker until ``stop``; when it raises, returns or is cancelled, restart it a second later."""
        self.workers.append(name)
        self._tasks.append(asyncio.create_task(self._keep_running(name, worker), name=name))

    async def _keep_running(self, name: str, worker: Callable[[], Awaitable[None]]) -> None:
        while True:
            self.down.discard(name)
            try:
                await worker()
                self._failed(name, ENDED)
                log.error("%s ended and is restarted", name)
            except asyncio.CancelledError:
                if self._stopping:
                    raise
                self._failed(name, "it was cancelled")
                log.error("%s was cancelled and is restarted", name)
            except Exception as exc:
                self._failed(name, f"{type(exc).__name__}: {exc}")
                log.exception("%s failed and is restarted", name)
            await asyncio.sleep(RESTART_AFTER_S)

    def _failed(self, name: str, why: str) -> None:
        self.restarts[name] += 1
        self.errors[name] = plain(why)
        self.down.add(name)

    async def stop(self) -> None:
        """Cancel every worker and wait until all have ended."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
