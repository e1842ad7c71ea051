"""The stream of snapshots: encoded once, handed to every cockpit attached, newest only."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from cockpit.model.snapshot import Snapshot


class Frames:
    """One cockpit's end of the stream: it waits for the newest frame and never gets one twice."""

    def __init__(self) -> None:
        self._newest = ""
        self._fresh = asyncio.Event()

    def put(self, frame: str) -> None:
        self._newest = frame
        self._fresh.set()

    async def next(self) -> str:
        """Wait for a frame that was not returned before."""
        await self._fresh.wait()
        self._fresh.clear()
        return self._newest


class SnapshotStream:
    """Sends snapshots to every cockpit that is attached."""

    def __init__(self) -> None:
        self._attached: set[Frames] = set()
        self._operators: set[Frames] = set()

    def __len__(self) -> int:
        return len(self._attached)

    @property
    def operators(self) -> int:
        """How many of those attached can send commands."""
        return len(self._operators)

    @contextmanager
    def attached(self, *, operator: bool = True) -> Iterator[Frames]:
        """Yield the frames of every snapshot from now on. ``operator``: whether this cockpit can send commands."""
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
        if self._attached:
            frame = msgspec.json.encode(snapshot).decode()
            for frames in self._attached:
                frames.put(frame)
