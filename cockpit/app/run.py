"""Run the cockpit in this terminal, on the account's desk or a sandbox's; start either when there is none."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from cockpit.app.app import CockpitApp
from cockpit.app.history.reading import HistoryReading, Where, beside_socket, of_run, of_settings
from cockpit.app.idle.warm_up import idle_plan
from cockpit.app.past.figures import HistoryFigures
from cockpit.app.terminal.address_file import ADDRESSES_NAME, read_address_file
from cockpit.app.terminal.end_signals import EndSignals
from cockpit.app.terminal.options import TerminalOptions, options_from_environment
from cockpit.app.terminal.preferences import FILE as PREFERENCES
from cockpit.app.terminal.preferences import PreferencesFile
from cockpit.app.terminal.process import LowPriority
from cockpit.app.tour import TourSeen
from cockpit.client.desk_client import ConnectionLost, DeskClient, operator_name
from cockpit.config.paths import default_keys_file
from cockpit.config.settings import Settings
from cockpit.model.environment import Environment
from cockpit.model.processor.pauses import Pauses
from cockpit.processes.echo import echo
from cockpit.processes.ending import end_desk
from cockpit.processes.launch import is_listening, spawn, wait_until_ready
from cockpit.processes.sandbox_run import SandboxRun, VenueFlags, new_name
from panels.dialogs.funds.address_book import AddressBook
from panels.kit.keymap import KeyMap, read_keys

ENVIRONMENT = Environment()
TOUR_FILE = "tour"
"""Its name in the directory of the sandboxes."""


def _client(socket_path: Path, *, read_only: bool = False) -> DeskClient:
    return DeskClient(socket_path, actor=operator_name(), new_id=ENVIRONMENT.new_id, read_only=read_only)


def _keys(file: Path, environ: Mapping[str, str]) -> KeyMap:
    # A missing file is a problem only where a setting names it.
    usual = default_keys_file({name: value for name, value in environ.items() if name != "COCKPIT_KEYS_FILE"})
    return read_keys(file, named=file != usual)


async def _run_app(
    client: DeskClient,
    options: TerminalOptions,
    on_start: Callable[[], Awaitable[None]] | None,
    keys: KeyMap,
    where: Where,
    preferences: PreferencesFile,
    address_book: AddressBook,
    tour_seen: TourSeen | None = None,
) -> bool:
    """Run the app; return whether the desk is to be stopped."""
    priority = LowPriority(client.socket_path)

    async def start() -> None:
        if on_start is not None:
            await on_start()
        priority.lower()

    app = CockpitApp(
        client,
        paint_hz=options.paint_hz,
        options=options,
        on_start=start,
        keys=keys,
        tour_seen=tour_seen,
        history=HistoryReading(where),
        past=HistoryFigures(where),
        preferences=preferences,
        address_book=address_book,
        pauses=Pauses(),
        idle_plan=idle_plan(),
    )
    signals = EndSignals()
    signals.watch(app.exit)
    try:
        wanted = await app.run_async(mouse=options.mouse)
    finally:
        priority.restore()
    signals.reraise()
    return wanted is not None and wanted.stop_desk


async def run_cockpit(
    settings: Settings,
    env_file: Path | None,
    environ: Mapping[str, str],
    *,
    mouse: bool = True,
) -> int:
    """Attach to the desk of these settings, or start it. Return the exit code."""
    keys = _keys(settings.keys_file, environ)
    options = TerminalOptions.of(settings, mouse=mouse)
    chosen = PreferencesFile(settings.state_dir / PREFERENCES)
    book = read_address_file(settings.keys_file.with_name(ADDRESSES_NAME))
    socket_path = settings.socket_path
    log_file = settings.state_dir / "desk.log"

    async def start_desk() -> None:
        settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        arguments = ["desk", *(["--env-file", str(env_file)] if env_file is not None else [])]
        await wait_until_ready(
            spawn(arguments, log_file, environ), "the desk", log_file, lambda: is_listening(socket_path)
        )

    client = _client(socket_path)
    try:
        starting = None if is_listening(socket_path) else start_desk
        if not await _run_app(client, options, starting, keys, of_settings(settings), chosen, book):
            return 0
        return 0 if await _stop_desk(client) else 1
    finally:
        await client.close()


async def _stop_desk(client: DeskClient) -> bool:
    """Stop the desk and wait until its process has ended; False when it does not end."""
    ended = await end_desk(client)
    if isinstance(ended, ConnectionLost):
        echo("No desk is running.")
        return True
    echo(ended.text, err=not ended.done)
    return ended.done


async def look_on(socket_path: Path, environ: Mapping[str, str], *, mouse: bool = True) -> int:
    """Show what is streamed on a read-only socket; nothing but that is needed. Return the exit code."""
    keys = _keys(default_keys_file(environ), environ)
    options, where = options_from_environment(environ, mouse=mouse), beside_socket(socket_path, environ)
    chosen = PreferencesFile(default_keys_file(environ).with_name(PREFERENCES))
    await _run_app(_client(socket_path, read_only=True), options, None, keys, where, chosen, AddressBook())
    return 0


async def run_sandbox(
    root: Path,
    flags: VenueFlags,
    environ: Mapping[str, str],
    own: Mapping[str, str],
    keys_file: Path,
    *,
    mouse: bool = True,
    chosen: bool = False,
) -> int:
    """Attach to the sandbox that is running, go on with one whose desk has died, or start one. Return the exit code.

    ``chosen``: the operator gave options of a venue, which one that runs already does not take.
    """
    sandbox, crashed = SandboxRun.running(root), SandboxRun.crashed(root)
    on_start = None
    if chosen and (sandbox is not None or crashed):
        echo(OPTIONS_KEPT, err=True)
    if sandbox is not None and not sandbox.venue_runs():
        echo(venue_ended(sandbox.directory.name), err=True)
        return 1
    if sandbox is None and crashed:
        lost = sandbox = crashed.pop(0)
        echo(resuming(lost.directory.name), err=True)

        async def on_start() -> None:
            await lost.resume(environ)

    elif sandbox is None:
        fresh = sandbox = SandboxRun.new(root, new_name())

        async def on_start() -> None:
            await fresh.start(flags, environ, own)

    for orphan in crashed:
        echo(ending_orphan(orphan.directory.name), err=True)
        await orphan.end()
    client = _client(sandbox.socket_path)
    try:
        options = options_from_environment(os.environ, mouse=mouse)
        seen = TourSeen(root / TOUR_FILE)
        book = read_address_file(keys_file.with_name(ADDRESSES_NAME))
        where, kept = of_run(sandbox), PreferencesFile(root / PREFERENCES)
        stop = await _run_app(client, options, on_start, _keys(keys_file, environ), where, kept, book, seen)
        if not stop:
            echo(what_goes_on(sandbox))
            return 0
        # By a command, so that other cockpits are told who did it.
        await end_desk(client)
        problems = await sandbox.end()
    finally:
        await client.close()
    for problem in problems:
        echo(problem, err=True)
    return 1 if problems else 0


KEEPS_RUNNING = "The sandbox keeps running; `cockpit sandbox` attaches to it again, `cockpit down --sandbox` ends it."
DESK_ENDED = (
    "The desk of the sandbox has ended; `cockpit sandbox` starts it again, `cockpit down --sandbox` ends the rest."
)
SANDBOX_ENDED = "The sandbox has ended."
OPTIONS_KEPT = (
    "A sandbox runs already and keeps its own options. To start one with these, end it: cockpit down --sandbox"
)


def what_goes_on(sandbox: SandboxRun) -> str:
    """Say what of a sandbox runs once its cockpit has left."""
    if is_listening(sandbox.socket_path):
        return KEEPS_RUNNING
    return DESK_ENDED if sandbox.venue_runs() else SANDBOX_ENDED


def resuming(name: str) -> str:
    return f"The desk of rehearsal {name} has died; it is started again with the same venue and history."


def ending_orphan(name: str) -> str:
    return f"Ending the venue of rehearsal {name}: its desk has died, and a newer rehearsal goes on."


def venue_ended(name: str) -> str:
    return (
        f"The venue of rehearsal {name} has ended, and its balances with it. End the rest and start anew: "
        "cockpit down --sandbox"
    )
