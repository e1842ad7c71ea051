"""`cockpit sandbox`: venue, desk and cockpit on this machine, or a headless run with a report."""

import asyncio
import os
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

import click

from cockpit.app.terminal.process import gc_paused
from cockpit.cli.common import NO_MOUSE, refuse, require_terminal, sandbox_root, venue_options
from cockpit.cli.messages import NO_SANDBOX


@click.command()
@venue_options
@NO_MOUSE
@click.option("--read-only", is_flag=True, help="Look at the running sandbox without being able to send commands.")
@click.option("--headless", is_flag=True, help="No screen: run, then report.")
@click.option("--arm", is_flag=True, help="With --headless: arm strategy and executor.")
@click.option(
    "--for",
    "seconds",
    metavar="SECONDS",
    type=click.FloatRange(1, 86_400),
    default=None,
    help="With --headless: seconds to run; 60 by default.",
)
@click.option("--json", "as_json", is_flag=True, help="With --headless: report as JSON.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Use the settings of this file; account, key and token stay the sandbox's.",
)
def sandbox(
    read_only: bool,
    headless: bool,
    arm: bool,
    seconds: float | None,
    as_json: bool,
    env_file: Path | None,
    no_mouse: bool,
    **flags: Any,
) -> None:
    """Run desk and cockpit on a sandbox venue.

    The venue runs on loopback. No key, network or configuration is needed, and no money is at risk. Attaches to a
    sandbox that runs already, and goes on with one whose desk has died: same venue, same history. `cockpit down
    --sandbox` ends it.
    """
    from cockpit.cli.venue.settings import listed_or_refused, refuse_exposure
    from cockpit.config.errors import SettingsError
    from cockpit.processes.sandbox_run import LIKE_PRODUCTION, SandboxRun, VenueFlags, check_settings, new_name

    if not headless and (arm or as_json or seconds is not None):
        raise click.UsageError("--arm, --for and --json need --headless; in the cockpit, arm by keyboard")
    if read_only:
        if headless:
            raise click.UsageError("--read-only needs a screen; give only one of --read-only and --headless")
        _look_on(mouse=not no_mouse)
    chosen = VenueFlags(**flags) != VenueFlags() or env_file is not None
    own = _own_settings(env_file)
    if flags["settings"] and listed_or_refused(flags["settings"]):
        return
    refuse_exposure(flags["settings"])
    named = _settings_of(flags["scenario"])
    like_production = [one for one in LIKE_PRODUCTION if one.partition("=")[0] not in named]
    flags["settings"] = (*like_production, *flags["settings"])
    root, environ, venue_flags = sandbox_root(), _bare_environment(), VenueFlags(**flags)
    try:
        check_settings(root, venue_flags, own)
    except SettingsError as exc:
        refuse(exc.problems)
    if headless:
        from cockpit.processes.headless_sandbox import run_headless

        run = SandboxRun.new(root, new_name())
        running = run_headless(run, venue_flags, environ, own, seconds=seconds or 60.0, arm=arm, as_json=as_json)
        sys.exit(asyncio.run(running))
    require_terminal(os.environ, "--headless needs none")
    with gc_paused():
        from cockpit.app.run import run_sandbox
        from cockpit.config.paths import default_keys_file

        keys_file = default_keys_file({**os.environ, **own})
        running = run_sandbox(root, venue_flags, environ, own, keys_file, mouse=not no_mouse, chosen=chosen)
        sys.exit(asyncio.run(running))


def _look_on(*, mouse: bool) -> NoReturn:
    from cockpit.processes.sandbox_run import SandboxRun

    require_terminal(os.environ, "`cockpit check --sandbox` shows the interlocks without one")
    run = SandboxRun.running(sandbox_root())
    if run is None:
        refuse([NO_SANDBOX])
    with gc_paused():
        from cockpit.app.run import look_on

        sys.exit(asyncio.run(look_on(run.read_only_socket_path, os.environ, mouse=mouse)))


def _settings_of(scenario: str | None) -> Collection[str]:
    """Return the names of the settings that the scenario sets. Exits with 2 when it cannot be played."""
    if scenario is None:
        return ()
    from venue.sandbox.scenario.errors import ScenarioError
    from venue.sandbox.scenario.reading import load_scenario

    try:
        return load_scenario(scenario).settings().keys()
    except ScenarioError as exc:
        refuse(exc.problems)


def _own_settings(env_file: Path | None) -> dict[str, str]:
    if env_file is None:
        return {}
    from cockpit.config.env_file import read_env_file
    from cockpit.config.settings import NAMES

    file = read_env_file(env_file, NAMES)
    if file.values is None or file.problems:
        refuse(file.problems)
    return {name: value for name, value in file.values.items() if value.strip()}


def _bare_environment() -> dict[str, str]:
    # The environment without any setting of ours: a sandbox must not see a real key.
    from cockpit.config.settings import NAMES

    return {name: value for name, value in os.environ.items() if name not in NAMES}
