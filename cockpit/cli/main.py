"""`cockpit`: shows the cockpit, or runs a command. Imports are late, so that the first picture is early."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from keyword import iskeyword
from pathlib import Path
from typing import Any, NoReturn

import click

from cockpit.app.terminal.process import gc_paused
from cockpit.cli.common import ENV_FILE, NO_MOUSE, env_file_or_default, load_settings, require_terminal, state_dir
from cockpit.config.errors import ConfigError, SettingsError
from cockpit.model.printable import printable
from cockpit.processes.echo import whole_streams
from cockpit.processes.errors import ProcessError
from storage.errors import HistoryError

_MODULES = {
    "accept-remainder": "accept_remainder",
    "alerts": "alerts.command",
    "backup": "backup",
    "check": "check",
    "completion": "operate.completion",
    "desk": "desk",
    "down": "operate.down",
    "events": "events.command",
    "export": "transfer",
    "import": "transfer",
    "liquidity": "liquidity",
    "other-pairs": "other_pairs",
    "pricing": "operate.pricing",
    "replay": "replay",
    "report": "report",
    "sandbox": "sandbox",
    "stop": "stop",
    "trace": "trace",
    "trading": "trading",
    "tune": "tune.command",
    "venue": "venue.command",
}
"""Commands and the modules of this package that hold them, each under its own name."""


_LOOKING = ("COCKPIT_THEME", "COCKPIT_TIMES", "COCKPIT_NOTIFY", "COCKPIT_NOTIFY_ON", "COCKPIT_KEYS_FILE")
"""Settings of a cockpit that only looks."""


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Turn errors into sentences, and mark what a terminal would act on: click repeats arguments as they were given."""
    try:
        yield
    except BrokenPipeError:
        raise  # Whoever read the output has gone: click ends without a word.
    except SettingsError as exc:
        raise click.ClickException(printable("\n".join(exc.problems), lines=True)) from None
    except (ConfigError, ProcessError, HistoryError) as exc:
        raise click.ClickException(printable(str(exc), lines=True)) from None
    except UnicodeDecodeError as exc:
        raise click.ClickException(f"a file is not UTF-8 text: {exc.reason}") from None
    except OSError as exc:
        raise click.ClickException(printable(_system_error(exc), lines=True)) from None
    except click.ClickException as exc:
        told = exc.format_message()
        shown = printable(told, lines=True)
        if shown == told:
            raise
        if isinstance(exc, click.UsageError):
            raise click.UsageError(shown, exc.ctx) from None
        raise click.ClickException(shown) from None


def _system_error(error: OSError) -> str:
    """Say which file the operating system refused and why, and what to do about the state directory."""
    from cockpit.config.paths import default_state_dir

    path, reason = error.filename, error.strerror or str(error) or type(error).__name__
    if path is None:
        return f"the operating system refused: {reason}"
    state = default_state_dir(os.environ)
    if Path(os.fsdecode(path)).is_relative_to(state):
        return f"the state directory {state} cannot be used: {path}: {reason}; set COCKPIT_STATE_DIR to another"
    return f"{os.fsdecode(path)}: {reason}"


class _LazyGroup(click.Group):
    """Imports a command only when it is needed, so that the first picture does not wait for it."""

    def main(self, *args: Any, **extra: Any) -> Any:
        with whole_streams():
            return super().main(*args, **extra)

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
    if read_only:
        _look_on(env_file, mouse=not no_mouse)
    if env_file is None and sys.stdin.isatty() and _first_run(context):
        return
    with gc_paused():
        settings = load_settings(env_file)
        require_terminal(os.environ, "`cockpit desk` runs the desk without one")
        from cockpit.app.run import run_cockpit

        env_file = env_file_or_default(env_file)
        running = run_cockpit(settings, env_file, os.environ, mouse=not no_mouse)
        sys.exit(asyncio.run(running))


def _look_on(env_file: Path | None, *, mouse: bool) -> NoReturn:
    """Show the desk to somebody who has its socket and no settings: no key is needed to look."""
    require_terminal(os.environ, "`cockpit check` shows the interlocks without one")
    with gc_paused():
        from cockpit.app.run import look_on
        from cockpit.config.env_file import read_env_file
        from cockpit.config.paths import READ_ONLY_SOCKET_NAME

        where = state_dir(env_file, stopping=True) / READ_ONLY_SOCKET_NAME
        file = env_file_or_default(env_file)
        own = (read_env_file(file, _LOOKING, others_may="anything").values if file else None) or {}
        sys.exit(asyncio.run(look_on(where, {**own, **os.environ}, mouse=mouse)))


def _first_run(context: click.Context) -> bool:
    """Offer the sandbox or the setup wizard if nothing is configured; True if the command is done with that."""
    from cockpit.cli.setup_wizard import run_wizard, unconfigured

    if not unconfigured(Path.cwd(), os.environ):
        return False
    if run_wizard(Path.cwd()) == "sandbox":
        from cockpit.cli.sandbox import sandbox

        context.invoke(sandbox)
    return True
