"""The newest of what the desk streams, for one who also waits for other things."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from cockpit.client.desk_client import ConnectionLost, Outcome
from cockpit.model.snapshot import Snapshot


class PricingLink(Protocol):
    """What a switchback needs of a desk's client."""

    def snapshots(self) -> AsyncIterator[Snapshot | ConnectionLost]: ...

    async def pricing(self, changes: Mapping[str, object], *, command_id: str = "") -> Outcome: ...


class DeskWatch:
    """``last``: the newest snapshot, whether it was taken or not; None before the first."""

    def __init__(self, link: PricingLink) -> None:
        self._link = link
        self._newest: Snapshot | ConnectionLost | None = None
        self._came = asyncio.Event()
        self.last: Snapshot | None = None

    async def follow(self) -> None:
        """Read the stream until cancelled."""
        async for item in self._link.snapshots():
            self._newest = item
            if isinstance(item, Snapshot):
                self.last = item
            self._came.set()

    async def next(self, within_s: float, stopping: asyncio.Event) -> Snapshot | ConnectionLost | None:
        """Return the next item; None when none came in time, or when it is time to stop."""
        waiting = [asyncio.ensure_future(event.wait()) for event in (self._came, stopping)]
        try:
            await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        if stopping.is_set():
            return None
        newest, self._newest = self._newest, None
        self._came.clear()
        return newest
