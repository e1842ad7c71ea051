"""The command: `cockpit`, and what it can be told to do. Imports are late, so that the first picture is early."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from cockpit.app.terminal.gc_pauses import held

if TYPE_CHECKING:
    from cockpit.config.settings import Settings

ENV_FILE = click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Settings file; .env in this directory when it exists.",
)

NO_MOUSE = click.option(
    "--no-mouse", is_flag=True, help="Leave the mouse to the terminal, so that it selects text as usual."
)


def venue_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that shape a sandbox venue."""
    for option in (
        click.option("--seed", type=click.IntRange(0), help="Same seed, same requests, prices and rival answers."),
        click.option("--rate", type=click.FloatRange(0, 10_000), help="Requests a second, all pairs together."),
        click.option("--other-pairs", type=click.FloatRange(0, 1), help="Share of requests for other pairs."),
        click.option("--speed", type=click.FloatRange(0.01, 100_000), help="Market seconds per second."),
        click.option("--prices", type=click.Path(dir_okay=False), help="CSV of bars to replay as the market."),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            help="Any other setting of the venue, for instance index_after_s=1; more than one may be given.",
        ),
    ):
        command = option(command)
    return command


_LATE = {
    "accept-remainder": "cockpit.cli.accept_remainder",
    "check": "cockpit.cli.check",
    "liquidity": "cockpit.cli.liquidity",
    "stop": "cockpit.cli.stop",
    "report": "cockpit.cli.history",
    "trace": "cockpit.cli.history",
    "replay": "cockpit.cli.history",
    "backup": "cockpit.cli.backup",
    "export": "cockpit.cli.transfer",
    "import": "cockpit.cli.transfer",
    "trading": "cockpit.cli.trading",
}
"""Commands by the module that holds them, each under its own name."""


class _LazyGroup(click.Group):
    """Imports most commands only when they are asked for: the first picture does not wait for them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_LATE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LATE:
            return super().get_command(ctx, cmd_name)
        from importlib import import_module

        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command = getattr(import_module(_LATE[cmd_name]), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="near-intents-cockpit")
@ENV_FILE
@click.option("--read-only", is_flag=True, help="Look on at the running desk: this cockpit cannot command it.")
@NO_MOUSE
@click.pass_context
def main(context: click.Context, env_file: Path | None, read_only: bool, no_mouse: bool) -> None:
    """Make markets in BTC/EURe on NEAR Intents from a terminal.

    Without a command: attach to the account's desk, or start it, and show the cockpit.
    """
    if context.invoked_subcommand is not None:
        if env_file is not None:
            raise click.UsageError("--env-file goes after the command it is for")
        if read_only:
            raise click.UsageError("--read-only goes with the cockpit, not with a command")
        if no_mouse:
            raise click.UsageError("--no-mouse goes after the command it is for")
        return
    if env_file is None and not read_only and sys.stdin.isatty() and _first_run(context):
        return
    with held():
        settings = _settings(env_file)
        from cockpit.app.run import run_cockpit

        running = run_cockpit(settings, _env_file(env_file), os.environ, read_only=read_only, mouse=not no_mouse)
        sys.exit(asyncio.run(running))


def _first_run(context: click.Context) -> bool:
    """Where nothing is configured, offer the sandbox or to write the settings; whether that is all for now."""
    from cockpit.cli.setup_wizard import CannotWriteError, first_run, unconfigured

    if not unconfigured(Path.cwd(), os.environ):
        return False

    def ask(question: str, hidden: bool) -> str:
        return str(click.prompt(question, default="", show_default=False, hide_input=hidden))

    try:
        chosen = first_run(Path.cwd(), ask, click.echo)
    except CannotWriteError as exc:
        raise click.ClickException(str(exc)) from None
    if chosen == "sandbox":
        context.invoke(sandbox)
    return True


@main.command()
@ENV_FILE
def desk(env_file: Path | None) -> None:
    """Run the desk alone, without a screen, until SIGTERM or SIGINT."""
    settings = _settings(env_file)
    from cockpit.processes.desk_process import run_desk

    sys.exit(run_desk(settings))


@main.command()
@venue_options
@click.option("--rivals/--no-rivals", default=None, help="Whether other makers quote too; they do by default.")
@click.option(
    "--settle-s",
    type=click.FloatRange(0, 600),
    nargs=2,
    help="Least and longest seconds from publishing to settlement.",
)
@click.option("--deposit-btc", type=click.IntRange(0), help="Satoshi of the maker's first deposit; 0 for none.")
@click.option("--port", type=click.IntRange(0, 65_527), help="First of eight ports in a row; 0 takes free ones.")
@click.option(
    "--write-env",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the .env lines to this file (mode 0600) instead of printing them.",
)
def venue(write_env: Path | None, settings: tuple[str, ...], **flags: Any) -> None:
    """Run the sandbox venue alone; prints its addresses and a funded maker's credentials as .env lines."""
    import msgspec

    from venue.sandbox.config import VenueConfig
    from venue.sandbox.server import run

    def announce(env: Mapping[str, str]) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in env.items())
        if write_env is None:
            click.echo(lines, nl=False)
            return
        part = write_env.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(lines)
        part.replace(write_env)

    try:
        given = {name: value for name, value in flags.items() if value is not None} | _venue_settings(settings)
        config = msgspec.convert(given, VenueConfig, strict=False)
        asyncio.run(run(config, announce))
    except (OSError, ValueError) as exc:
        raise click.ClickException(f"the venue cannot run: {exc}") from None


def _venue_settings(settings: tuple[str, ...]) -> dict[str, str]:
    """``name=value`` pairs by name; ValueError for one that is none, or names no setting of a venue."""
    from venue.sandbox.config import VenueConfig

    pairs = [setting.split("=", 1) for setting in settings]
    for pair in pairs:
        if len(pair) != 2 or pair[0] not in VenueConfig.__struct_fields__:
            raise ValueError(f"--set {'='.join(pair)} is no setting of a venue")
    return dict(pairs)


@main.command()
@venue_options
@NO_MOUSE
@click.option("--headless", is_flag=True, help="No screen: run, then report.")
@click.option("--arm", is_flag=True, help="With --headless: arm strategy and executor.")
@click.option("--for", "seconds", type=click.FloatRange(1, 86_400), default=60, help="With --headless: seconds to run.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: report as JSON.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Rehearse with the settings of this file; account, key and token stay the sandbox's.",
)
def sandbox(
    headless: bool, arm: bool, seconds: float, as_json: bool, env_file: Path | None, no_mouse: bool, **flags: Any
) -> None:
    """Rehearse: a venue of its own on loopback, a desk and the cockpit. No key, no network, no configuration."""
    from cockpit.config.settings import SettingsError
    from cockpit.processes.sandbox import SandboxRun, VenueFlags, check, new_name

    if not headless and (arm or as_json):
        raise click.UsageError("--arm and --json go with --headless; in the cockpit you arm by keyboard")
    own = _own_settings(env_file)
    root, environ, venue_flags = _sandbox_root(), _bare_environment(), VenueFlags(**flags)
    try:
        check(root, own)
    except SettingsError as exc:
        _refuse(exc.problems)
    if headless:
        from cockpit.processes.headless_sandbox import rehearse

        rehearsal = SandboxRun.new(root, new_name())
        running = rehearse(rehearsal, venue_flags, environ, own, seconds=seconds, arm=arm, as_json=as_json)
        sys.exit(asyncio.run(running))
    with held():
        from cockpit.app.run import run_sandbox
        from cockpit.config.settings import default_keys_file

        keys_file = default_keys_file({**os.environ, **own})
        sys.exit(asyncio.run(run_sandbox(root, venue_flags, environ, own, keys_file, mouse=not no_mouse)))


def _env_file(given: Path | None) -> Path | None:
    """The settings file to read: the one named, or ``.env`` here when there is one."""
    if given is not None:
        if not given.exists():
            raise click.UsageError(f"the settings file {given} does not exist")
        return given
    return Path(".env") if Path(".env").exists() else None


def _settings(env_file: Path | None) -> "Settings":
    """The settings, or one line for each problem and exit code 2."""
    from cockpit.config.settings import SettingsError, load

    try:
        return load(_env_file(env_file), os.environ)
    except SettingsError as exc:
        _refuse(exc.problems)


def _refuse(problems: Iterable[str]) -> NoReturn:
    """One line for each problem, and exit code 2."""
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(2)


def _own_settings(env_file: Path | None) -> dict[str, str]:
    """What an operator's own file says, for a rehearsal with it."""
    if env_file is None:
        return {}
    from cockpit.config.env_file import read_env_file
    from cockpit.config.settings import NAMES

    file = read_env_file(env_file, NAMES)
    if file.values is None or file.problems:
        _refuse(file.problems)
    return {name: value for name, value in file.values.items() if value.strip()}


def _sandbox_root() -> Path:
    """Where rehearsals live: beside the desk's own state."""
    from cockpit.config.settings import default_state_dir

    return default_state_dir(os.environ) / "sandbox"


def _bare_environment() -> dict[str, str]:
    """The environment without any setting of ours: a sandbox must not see a real key."""
    from cockpit.config.settings import NAMES

    return {name: value for name, value in os.environ.items() if name not in NAMES}
