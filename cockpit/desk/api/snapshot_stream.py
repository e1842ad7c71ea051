"""The stream of snapshots: encoded once, handed to every cockpit attached, newest only."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from cockpit.desk.risk.operators import AttachedCockpit, Operators
from cockpit.model.snapshot import Snapshot


class MadeSnapshot(msgspec.Struct, frozen=True):
    """A snapshot; ``encoded``: the JSON of its longest lists, by field, made before the rest."""

    snapshot: Snapshot
    encoded: Mapping[str, msgspec.Raw] = {}

    def json(self) -> bytes:
        fields = {name: getattr(self.snapshot, name) for name in self.snapshot.__struct_fields__}
        return msgspec.json.encode({**fields, **self.encoded})


class Frame(msgspec.Struct, frozen=True):
    """An encoded snapshot and its number."""

    seq: int
    text: str


class Frames:
    """One cockpit's end of the stream: it waits for the newest frame and never gets one twice.

    ``cockpit``: what is known of its operator; None for one that can only look.
    """

    def __init__(self, cockpit: AttachedCockpit | None) -> None:
        self.cockpit = cockpit
        self._newest = Frame(0, "")
        self._fresh = asyncio.Event()

    def put(self, frame: Frame) -> None:
        self._newest = frame
        self._fresh.set()

    async def next(self) -> Frame:
        """Wait for a frame that was not returned before."""
        await self._fresh.wait()
        self._fresh.clear()
        return self._newest


class SnapshotStream:
    """Sends snapshots to every cockpit that is attached."""

    def __init__(self, operators: Operators) -> None:
        self.operators = operators
        self._attached: set[Frames] = set()

    def __len__(self) -> int:
        return len(self._attached)

    @contextmanager
    def attached(self, *, operator: bool = True) -> Iterator[Frames]:
        """Yield the frames of every snapshot from now on. ``operator``: whether this cockpit can send commands."""
        cockpit = self.operators.attach() if operator else None
        frames = Frames(cockpit)
        self._attached.add(frames)
        try:
            yield frames
        finally:
            self._attached.discard(frames)
            if cockpit is not None:
                self.operators.detach(cockpit)

    def put(self, made: MadeSnapshot) -> None:
        if self._attached:
            frame = Frame(made.snapshot.seq, made.json().decode())
            for frames in self._attached:
                frames.put(frame)
