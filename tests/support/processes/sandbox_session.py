"""What tests do with `cockpit sandbox` in a terminal: ask its desk, wait for its interlocks, arm by keyboard."""

import os
from collections.abc import Callable

from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import Snapshot
from cockpit.processes.sandbox_run import SandboxRun
from tests.support.processes.terminal import Terminal
from tests.support.waiting import until

FLAGS = ("sandbox", "--rate", "10", "--other-pairs", "0.2", "--set", "pace=quick")
"""Options of a quiet sandbox."""

Open = Callable[..., Terminal]
"""Opens a terminal with the cockpit; by default with ``FLAGS``, and to be ended by hanging up."""


def link(run: SandboxRun) -> DeskClient:
    return DeskClient(run.socket_path, actor="test", new_id=lambda: os.urandom(8).hex())


async def newest(run: SandboxRun) -> Snapshot:
    """Return the desk's newest snapshot."""
    async for shot in link(run).snapshots():
        if isinstance(shot, Snapshot):
            return shot
    raise AssertionError("no snapshot")


async def ready_for_live(run: SandboxRun) -> None:
    """Wait until SHADOW has seen enough for the executor to be armed."""

    async def green() -> bool:
        return all(row.passed for row in (await newest(run)).interlocks)

    await until(green, 30, "every interlock passes")


async def arm(terminal: Terminal, key: str, part: str, armed: int) -> None:
    """Arm by keyboard: ask, go from Cancel to the other button, confirm."""
    terminal.press(key)
    await terminal.shows(f"Arm the {part}?")
    terminal.press("tab", " ")
    await terminal.shows("● ARMED", armed)
