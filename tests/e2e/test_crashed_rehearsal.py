"""A rehearsal whose desk was killed goes on with the same venue and history; whoever looks on is told."""

import os
import signal
from pathlib import Path

from cockpit.cli.messages import NO_SANDBOX
from cockpit.client.desk_client import DeskInfo
from cockpit.model.commands import Armable, Result
from cockpit.processes.ending import STOPPED
from cockpit.processes.launch import wait_for_exit
from cockpit.processes.sandbox_run import SandboxRun
from tests.support.processes.command import run as run_command
from tests.support.processes.sandbox_session import Open, link, newest, ready_for_live
from tests.support.waiting import until


async def test_a_killed_desk_with_live_quotes_is_started_again_on_the_same_venue_and_history(
    cockpit: Open, short_dir: Path
) -> None:
    root, place = short_dir / "sandbox", {"COCKPIT_STATE_DIR": str(short_dir)}
    first = cockpit()
    await first.shows("○ DISARMED", 2)
    run = SandboxRun.running(root)
    assert run is not None
    client = link(run)
    before = await client.health()
    assert isinstance(before, DeskInfo)

    async def arms(part: Armable) -> bool:
        outcome = await client.send(part, "arm")
        return isinstance(outcome, Result) and outcome.accepted

    await until(lambda: arms("strategy-engine"), 60, "the strategy is armed")
    await ready_for_live(run)
    await until(lambda: arms("trade-executor"), 60, "the executor is armed")

    async def quoting() -> bool:
        return (await newest(run)).alive.quotes > 0

    await until(quoting, 60, "a quote is live")
    assert "Give --yes" in run_command("down", "--sandbox", cwd=short_dir, environ=place, timeout_s=60).stderr
    pids = run.pids()
    os.kill(pids.desk, signal.SIGKILL)
    assert await wait_for_exit(pids.desk)
    await until(lambda: run.has_lost_its_desk(), 30, "the run is known to have lost its desk")
    assert "sandbox" in run_command("stop", "--sandbox", cwd=short_dir, environ=place).stderr

    second = cockpit()
    await until(lambda: SandboxRun.running(root) is not None, 60, "a desk listens again")
    again = await client.health()
    assert isinstance(again, DeskInfo)
    assert (run.pids().venue, again.pid) == (pids.venue, run.pids().desk)
    assert again.run_id != before.run_id
    assert len(list(root.glob("2*"))) == 1
    shot = await newest(run)
    assert (shot.rung, shot.executor_armed) == ("SAFE", False)
    assert any("previous run" in finding or before.run_id[:8] in finding for finding in shot.findings), shot.findings
    await second.shows("○ DISARMED", 2, 60)
    await first.shows("○ DISARMED", 2, 60)
    await client.close()

    ended = run_command("down", "--sandbox", "--yes", cwd=short_dir, environ=place, timeout_s=90)
    assert ended.returncode == 0, ended.stderr
    assert STOPPED in ended.stdout
    assert await wait_for_exit(pids.venue, 30)
    assert NO_SANDBOX in run_command("down", "--sandbox", cwd=short_dir, environ=place).stdout


async def test_an_orphaned_venue_is_ended_from_the_command_line(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    looking = cockpit(("sandbox", "--read-only"))
    await looking.shows("○ DISARMED", 2)
    pids = run.pids()
    os.kill(pids.desk, signal.SIGKILL)
    assert await wait_for_exit(pids.desk)
    await until(run.has_lost_its_desk, 30, "the run is known to have lost its desk")
    place = {"COCKPIT_STATE_DIR": str(short_dir)}
    ended = run_command("down", "--sandbox", cwd=short_dir, environ=place, timeout_s=60)
    assert ended.returncode == 0, ended.stderr
    assert await wait_for_exit(pids.venue, 30)
