"""The stream of snapshots: encoded once, handed to every cockpit attached, newest only."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from cockpit.model.snapshot import Snapshot


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


class SnapshotStream:
    """Who is attached, and the way to all of them."""

    def __init__(self) -> None:
        self._attached: set[Frames] = set()
        self._operators: set[Frames] = set()

    def __len__(self) -> int:
        return len(self._attached)

    @property
    def operators(self) -> int:
        """How many of those attached can command."""
        return len(self._operators)

    @contextmanager
    def attached(self, *, operator: bool = True) -> Iterator[Frames]:
        """Be sent every snapshot while inside. ``operator``: whether who is attached can command, too."""
        frames = Frames()
        self._attached.add(frames)
        if operator:
            self._operators.add(frames)
        try:
            yield frames
        finally:
            self._attached.discard(frames)
            self._operators.discard(frames)

    def put(self, snapshot: Snapshot) -> None:
        """Send a snapshot to all."""
        if self._attached:
            frame = msgspec.json.encode(snapshot).decode()
            for frames in self._attached:
                frames.put(frame)
