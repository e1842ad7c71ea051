"""The time to a cockpit's first pictures, from nothing and at a running desk."""

from pathlib import Path

import click
import msgspec

from bench.bench_desk import BenchDesk, bare_environment, cockpit_command
from bench.tty import ProgramTerminal
from cockpit.processes.sandbox_run import SandboxRun

AIM_S = 2.0
DRAWN = ("connecting to the desk",)
"""What the status bar shows before the first snapshot."""
LIVE = ("SANDBOX", "ARMED")
"""What it shows with the desk's first snapshot (DISARMED holds it too)."""


class FirstPicture(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from a command to the first frame with a status bar, and to the first with the desk's state."""

    command: str
    drawn_s: float
    live_s: float


async def _picture(name: str, terminal: ProgramTerminal, *, starts_desk: bool) -> FirstPicture:
    """Time a cockpit's first pictures; one that finds its desk may show the desk's state at once."""
    drawn = await terminal.until(*DRAWN) if starts_desk else await terminal.until("desk")
    return FirstPicture(command=name, drawn_s=drawn, live_s=await terminal.until(*LIVE))


async def first_sandbox_picture(state_dir: Path) -> FirstPicture:
    """Time ``cockpit sandbox`` from nothing, then end all it started."""
    environ = {**bare_environment(), "COCKPIT_STATE_DIR": str(state_dir)}
    terminal = ProgramTerminal(cockpit_command("sandbox"), environ)
    try:
        return await _picture("cockpit sandbox", terminal, starts_desk=True)
    finally:
        await terminal.end()
        run = SandboxRun.running(state_dir / "sandbox")
        if run is not None:
            for problem in await run.end():
                click.echo(problem, err=True)


async def first_attached_picture(desk: BenchDesk) -> FirstPicture:
    """Time ``cockpit`` at a running desk, then end it (the desk stays)."""
    terminal = desk.open()
    try:
        return await _picture("cockpit (attached)", terminal, starts_desk=False)
    finally:
        await terminal.end()
