"""What tests do with `cockpit sandbox` in a terminal: ask its desk, wait for its ladder, arm by keyboard."""

import os
from collections.abc import Callable

from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import Snapshot
from cockpit.processes.sandbox_run import SandboxRun
from tests.support.processes.terminal import Terminal
from tests.support.waiting import until

FLAGS = ("sandbox", "--rate", "10", "--other-pairs", "0.2")
"""Of a quiet rehearsal."""

Open = Callable[..., Terminal]
"""Opens a terminal with the cockpit; by default with ``FLAGS``, and to be ended by hanging up."""


def link(rehearsal: SandboxRun) -> DeskClient:
    return DeskClient(rehearsal.socket_path, actor="test", new_id=lambda: os.urandom(8).hex())


async def newest(rehearsal: SandboxRun) -> Snapshot:
    """What the desk itself says."""
    async for said in link(rehearsal).snapshots():
        if isinstance(said, Snapshot):
            return said
    raise AssertionError("no snapshot")


async def climbable(rehearsal: SandboxRun) -> None:
    """Wait until SHADOW has seen enough for the executor to be armed."""

    async def green() -> bool:
        return all(row.passed for row in (await newest(rehearsal)).interlocks)

    await until(green, 30, "every line of the ladder is green")


async def arm(terminal: Terminal, key: str, part: str, armed: int) -> None:
    """Arm by keyboard: ask, go from Cancel to the other button, confirm."""
    terminal.press(key)
    await terminal.shows(f"Arm the {part}?")
    terminal.press("tab", " ")
    await terminal.shows("● ARMED", armed)
