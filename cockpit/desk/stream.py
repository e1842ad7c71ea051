"""The stream of snapshots: encoded once, handed to every cockpit attached, newest only."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Frames:
    """One cockpit's view of the stream: it waits for the newest frame and never sees one twice."""

    def __init__(self) -> None:
        self._newest = ""
        self._fresh = asyncio.Event()

    def put(self, frame: str) -> None:
        """Replace what was not yet taken."""
        self._newest = frame
        self._fresh.set()

    async def next(self) -> str:
        """The newest frame not taken yet."""
        await self._fresh.wait()
        self._fresh.clear()
        return self._newest


class Stream:
    """Who is attached, and the way to all of them."""

    def __init__(self) -> None:
        self._attached: set[Frames] = set()

    def __len__(self) -> int:
        return len(self._attached)

    @contextmanager
    def attached(self) -> Iterator[Frames]:
        """Be sent every snapshot while inside."""
        frames = Frames()
        self._attached.add(frames)
        try:
            yield frames
        finally:
            self._attached.discard(frames)

    def put(self, frame: str) -> None:
        """Send a snapshot to all."""
        for frames in self._attached:
            frames.put(frame)
