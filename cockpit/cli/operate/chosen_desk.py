"""Which desk a command asks: that of the settings, of a socket, or of the newest running sandbox."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cockpit.cli.common import (
    ENV_FILE,
    REFUSED,
    SOCKET,
    UNKNOWN,
    UNUSABLE,
    desk_socket,
    refuse,
    sandbox_root,
    tokens_of,
)
from cockpit.cli.messages import NO_SANDBOX, NOTHING_SENT, no_desk
from cockpit.cli.operate.outcomes import print_problem
from cockpit.processes.launch import is_listening

if TYPE_CHECKING:
    from cockpit.processes.sandbox_run import SandboxRun
    from venue.protocol.tokens import TokenTable

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
SANDBOX = click.option("--sandbox", is_flag=True, help="Ask the desk of the newest running sandbox.")


class ChosenDesk(NamedTuple):
    """The socket of a desk, and what names its tokens: the run of a sandbox, or the settings."""

    socket: Path
    env_file: Path | None
    run: "SandboxRun | None" = None

    def tokens(self) -> "TokenTable":
        """Return the tokens and markets of the desk. Exits with 2 when the settings that name them are unusable."""
        return tokens_of(self.env_file) if self.run is None else self.run.tokens()


def desk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a desk, and ``--json``."""
    return desk_selection(AS_JSON(command))


def desk_selection(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a desk."""
    for option in (SANDBOX, SOCKET, ENV_FILE):
        command = option(command)
    return command


def choose_desk(socket: Path | None, sandbox: bool, env_file: Path | None, *, stopping: bool = False) -> ChosenDesk:
    """Return the desk that the options name. Exits with 2 when no sandbox runs.

    ``stopping``: a settings file that may not be used for trading still says where the desk is.
    """
    if not sandbox:
        return ChosenDesk(desk_socket(socket, env_file, stopping=stopping), env_file)
    if socket is not None or env_file is not None:
        raise click.UsageError("give only one of --sandbox, --socket and --env-file")
    from cockpit.processes.sandbox_run import SandboxRun

    run = SandboxRun.running(sandbox_root())
    if run is None:
        refuse([NO_SANDBOX], UNUSABLE)
    return ChosenDesk(run.socket_path, None, run)


def require_desk(socket: Path, *, as_json: bool, sends: bool = True) -> None:
    """Exit with one sentence where no desk listens: a command was not sent (1), or what is asked is unknown (3).

    ``sends``: a command is to be sent; its outcome is the JSON document in that case too.
    """
    if is_listening(socket) or (sends and as_json):
        return
    text = no_desk(socket, sandbox=a_sandbox_runs())
    print_problem(f"{text} {NOTHING_SENT}" if sends else text, as_json=as_json)
    sys.exit(REFUSED if sends else UNKNOWN)


def a_sandbox_runs() -> bool:
    from cockpit.processes.sandbox_run import SandboxRun

    try:
        return SandboxRun.running(sandbox_root()) is not None
    except OSError:
        return False
