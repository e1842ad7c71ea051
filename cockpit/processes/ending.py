"""Ending a desk: disarmed, its history written, its process gone; and what of its quotes still binds."""

import asyncio
import contextlib

import msgspec

from cockpit.client.desk_client import ConnectionLost, DeskClient, Outcome
from cockpit.model.snapshot import Snapshot
from cockpit.processes.launch import wait_for_exit

WITHIN_S = 30.0
STOPPED = "The desk has stopped; its history is written."


class EndedDesk(msgspec.Struct, frozen=True, kw_only=True):
    """``done``: the process has ended. ``last``: the newest snapshot that was seen of it."""

    pid: int
    done: bool
    outcome: Outcome
    last: Snapshot | None

    @property
    def text(self) -> str:
        return STOPPED if self.done else f"The desk (process {self.pid}) is still running: {self.outcome.reason}"


async def end_desk(link: DeskClient, within_s: float = WITHIN_S) -> EndedDesk | ConnectionLost:
    """Stop the desk and wait until its process has ended; ConnectionLost when none answers."""
    info = await link.health()
    if isinstance(info, ConnectionLost):
        return info
    seen: list[Snapshot] = []
    watching = asyncio.create_task(_watch(link, seen), name="last snapshot")
    try:
        outcome = await link.shutdown()
        done = await wait_for_exit(info.pid, within_s)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    return EndedDesk(pid=info.pid, done=done, outcome=outcome, last=seen[0] if seen else None)


async def _watch(link: DeskClient, seen: list[Snapshot]) -> None:
    async for shot in link.snapshots():
        if isinstance(shot, ConnectionLost):
            return
        seen[:] = [shot]
