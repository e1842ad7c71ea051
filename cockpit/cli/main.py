"""`cockpit`: shows the cockpit, or runs a command. Imports are late, so that the first picture is early."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from keyword import iskeyword
from pathlib import Path
from typing import Any

import click

from cockpit.app.terminal.process import gc_paused
from cockpit.cli.common import ENV_FILE, NO_MOUSE, env_file_or_default, load_settings, require_terminal
from cockpit.model.printable import printable

_MODULES = {
    "accept-remainder": "accept_remainder",
    "backup": "backup",
    "check": "check",
    "desk": "desk",
    "export": "transfer",
    "import": "transfer",
    "liquidity": "liquidity",
    "other-pairs": "other_pairs",
    "replay": "replay",
    "report": "report",
    "sandbox": "sandbox",
    "stop": "stop",
    "trace": "trace",
    "trading": "trading",
    "venue": "venue.command",
}
"""Commands and the modules of this package that hold them, each under its own name."""


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Mark what a terminal would act on in errors: click repeats arguments as they were given."""
    try:
        yield
    except click.ClickException as exc:
        told = exc.format_message()
        shown = printable(told, lines=True)
        if shown == told:
            raise
        if isinstance(exc, click.UsageError):
            raise click.UsageError(shown, exc.ctx) from None
        raise click.ClickException(shown) from None


class _LazyGroup(click.Group):
    """Imports a command only when it is needed, so that the first picture does not wait for it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _printable_errors():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _printable_errors():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        from importlib import import_module

        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command = getattr(import_module(f"cockpit.cli.{_MODULES[cmd_name]}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="near-intents-cockpit")
@ENV_FILE
@click.option("--read-only", is_flag=True, help="Attach to the running desk without being able to send commands.")
@NO_MOUSE
@click.pass_context
def main(context: click.Context, env_file: Path | None, read_only: bool, no_mouse: bool) -> None:
    """Make markets in BTC/EURe on NEAR Intents from a terminal.

    Without a command: attach to the account's desk, starting it if necessary, and show the cockpit.
    """
    if context.invoked_subcommand is not None:
        if env_file is not None:
            raise click.UsageError("--env-file belongs after the command")
        if read_only:
            raise click.UsageError("--read-only is for the cockpit, not for a command")
        if no_mouse:
            raise click.UsageError("--no-mouse belongs after the command")
        return
    if env_file is None and not read_only and sys.stdin.isatty() and _first_run(context):
        return
    with gc_paused():
        settings = load_settings(env_file)
        require_terminal(os.environ, "`cockpit desk` runs the desk without one")
        from cockpit.app.run import run_cockpit

        env_file = env_file_or_default(env_file)
        running = run_cockpit(settings, env_file, os.environ, read_only=read_only, mouse=not no_mouse)
        sys.exit(asyncio.run(running))


def _first_run(context: click.Context) -> bool:
    """Offer the sandbox or the setup wizard if nothing is configured; True if the command is done with that."""
    from cockpit.cli.setup_wizard import run_wizard, unconfigured

    if not unconfigured(Path.cwd(), os.environ):
        return False
    if run_wizard(Path.cwd()) == "sandbox":
        from cockpit.cli.sandbox import sandbox

        context.invoke(sandbox)
    return True
