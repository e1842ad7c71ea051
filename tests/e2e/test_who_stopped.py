"""A desk that is stopped tells every cockpit who did it, before it is gone."""

import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cockpit.client.desk_client import ConnectionLost, DeskClient
from cockpit.model.commands import OperatorReport
from cockpit.model.snapshot import Snapshot
from tests.support.processes.command import GOOD
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.processes import bare_environment
from tests.support.processes.terminal import Terminal


@pytest.fixture
async def running(short_dir: Path) -> AsyncIterator[DeskProcess]:
    """A desk whose endpoints all refuse connections."""
    desk = DeskProcess(short_dir, dict(GOOD))
    await desk.start()
    yield desk
    await desk.close()


async def test_looking_on_needs_no_setting_and_is_told_who_stopped_the_desk(
    running: DeskProcess, tmp_path: Path
) -> None:
    looking = Terminal(["--read-only"], tmp_path, bare_environment(COCKPIT_STATE_DIR=str(running.state_dir)))
    try:
        await looking.shows("○ DISARMED", 2)
        accepted(await running.link.shutdown())
        await looking.shows("the desk was stopped by test", 1)
    finally:
        looking.close()


async def command(desk: DeskProcess) -> None:
    accepted(await desk.link.shutdown())


async def by_signal(desk: DeskProcess) -> None:
    desk.process.send(signal.SIGTERM)


@pytest.mark.parametrize(("stopping", "actor"), [(command, "test"), (by_signal, "the signal SIGTERM")])
async def test_the_last_picture_of_a_stopped_desk_says_who_stopped_it(
    running: DeskProcess, stopping: Callable[[DeskProcess], object], actor: str
) -> None:
    watching = DeskClient(running.socket_path, actor="ops on pts/9", new_id=lambda: "w", backoff_s=(30.0,))
    last: Snapshot | None = None
    asked = False
    async for item in watching.snapshots(OperatorReport):
        if isinstance(item, ConnectionLost):
            break
        last = item
        if not asked and "ops on pts/9" in item.cockpits:
            asked = True
            outcome = stopping(running)
            assert hasattr(outcome, "__await__")
            await outcome
    assert last is not None
    assert last.stopped_by == actor
    assert running.process.wait(30) == 0
    rows = running.rows("SELECT actor, accepted FROM operator_actions WHERE command = 'shutdown'")
    assert rows == [(actor, 1)]
    await watching.close()
