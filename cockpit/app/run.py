"""The cockpit in this terminal: attached to the account's desk, or to a sandbox's; both started when there is none."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import click

from cockpit.app.app import CockpitApp
from cockpit.app.terminal.gc_pauses import settle_soon
from cockpit.app.terminal.options import TerminalOptions, of_environment
from cockpit.app.terminal.process_priority import LowPriority
from cockpit.app.terminal.tour_seen import TourSeen
from cockpit.client.desk_client import ConnectionLost, DeskClient, operator_name
from cockpit.config.settings import Settings, default_keys_file
from cockpit.processes.launch import is_listening, spawn, wait_for_exit, wait_until_ready
from cockpit.processes.sandbox_run import SandboxRun, VenueFlags, new_name
from panels.kit.keymap import KeyMap, read_keys

TOUR_NOTE = "tour"
"""The note's name among the rehearsals."""


def _link(socket_path: Path) -> DeskClient:
    return DeskClient(socket_path, actor=operator_name(), new_id=_new_id)


def _new_id() -> str:
    return os.urandom(8).hex()


def _keys(file: Path, environ: Mapping[str, str]) -> KeyMap:
    """The operator's keys; that a file of them is not there is no problem unless somebody named it."""
    usual = default_keys_file({name: value for name, value in environ.items() if name != "COCKPIT_KEYS_FILE"})
    return read_keys(file, named=file != usual)


async def _show(
    link: DeskClient,
    look: TerminalOptions,
    on_start: Callable[[], Awaitable[None]] | None,
    keys: KeyMap,
    tour_note: TourSeen | None = None,
) -> bool:
    """Run the app; whether the desk is to be stopped."""
    way = LowPriority(link.socket_path)

    async def start() -> None:
        if on_start is not None:
            await on_start()
        way.begin()

    app = CockpitApp(link, paint_hz=look.paint_hz, look=look, on_start=start, keys=keys, tour_note=tour_note)
    settle_soon()
    try:
        wanted = await app.run_async(mouse=look.mouse)
    finally:
        way.end()
    return wanted is not None and wanted.stop_desk


async def run_cockpit(
    settings: Settings,
    env_file: Path | None,
    environ: Mapping[str, str],
    *,
    read_only: bool = False,
    mouse: bool = True,
) -> int:
    """Attach to the desk of these settings, or start it; who may only look starts none. The exit code."""
    keys = _keys(settings.keys_file, environ)
    look = TerminalOptions.of(settings, mouse=mouse)
    if read_only:
        watching = DeskClient(settings.read_only_socket_path, actor=operator_name(), new_id=_new_id, read_only=True)
        await _show(watching, look, None, keys)
        return 0
    socket_path = settings.socket_path
    log_file = settings.state_dir / "desk.log"

    async def start_desk() -> None:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        arguments = ["desk", *(["--env-file", str(env_file)] if env_file is not None else [])]
        await wait_until_ready(
            spawn(arguments, log_file, environ), "the desk", log_file, lambda: is_listening(socket_path)
        )

    link = _link(socket_path)
    try:
        if not await _show(link, look, None if is_listening(socket_path) else start_desk, keys):
            return 0
        return 0 if await _stop_desk(link) else 1
    finally:
        await link.close()


async def _stop_desk(link: DeskClient) -> bool:
    """Stop the desk and wait until it is gone; False, and said so, when it does not go."""
    told = await link.health()
    if isinstance(told, ConnectionLost):
        click.echo("No desk is running.")
        return True
    outcome = await link.shutdown()
    if await wait_for_exit(told.pid):
        click.echo("The desk is stopped; its history is written.")
        return True
    click.echo(f"The desk (process {told.pid}) has not ended: {outcome.reason}", err=True)
    return False


async def run_sandbox(
    root: Path,
    flags: VenueFlags,
    environ: Mapping[str, str],
    own: Mapping[str, str],
    keys_file: Path,
    *,
    mouse: bool = True,
) -> int:
    """Attach to the sandbox that is running, or start one. The exit code."""
    rehearsal = SandboxRun.running(root)
    on_start = None
    if rehearsal is None:
        fresh = rehearsal = SandboxRun.new(root, new_name())

        async def on_start() -> None:
            await fresh.start(flags, environ, own)

    link = _link(rehearsal.socket_path)
    try:
        look = of_environment(os.environ, mouse=mouse)
        note = TourSeen(root / TOUR_NOTE)
        stop = await _show(link, look, on_start, _keys(keys_file, environ), note)
        if not stop:
            click.echo("The sandbox goes on; `cockpit sandbox` attaches to it again.")
            return 0
        problems = await rehearsal.end()
    finally:
        await link.close()
    for problem in problems:
        click.echo(problem, err=True)
    return 1 if problems else 0
