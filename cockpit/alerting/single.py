"""One alert service a state directory: a new one asks for its place, and the old one leaves it."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

LOCK_NAME = "alerts.lock"
LOOK_S = 0.2
WAIT_S = 20.0


class ServiceLock:
    """Held while the service runs. The file holds the process id of the newest one that wants to."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._own = str(os.getpid()).encode()

    async def wait(self) -> None:
        """Ask for the place and wait for it, at most 20 s: a stalled one must not keep everybody from being told."""
        os.pwrite(self._handle, self._own.ljust(20), 0)
        for _ in range(int(WAIT_S / LOOK_S)):
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            await asyncio.sleep(LOOK_S)

    async def watch(self, on_replaced: Callable[[], None]) -> None:
        """Call back once another service asks for the place."""
        while True:
            await asyncio.sleep(LOOK_S)
            if os.pread(self._handle, 20, 0).strip() != self._own:
                return on_replaced()


@contextlib.contextmanager
def only_one(directory: Path) -> Iterator[ServiceLock]:
    handle = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        yield ServiceLock(handle)
    finally:
        os.close(handle)
