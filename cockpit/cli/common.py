"""What several commands share: options, settings, the desk's socket and the history they name.

Imports are late, so that the first picture is early.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from cockpit.cli.operate.file_names import a_file, a_scenario
from cockpit.cli.venue.flow_options import flow_options
from cockpit.model.printable import printable
from cockpit.processes.echo import echo

if TYPE_CHECKING:
    from cockpit.client.desk_client import DeskClient
    from cockpit.config.owned_file import OthersMay
    from cockpit.config.settings import Settings
    from storage.postgres.reader import PostgresReader
    from storage.sqlite.reader import SqliteReader
    from venue.protocol.tokens import TokenTable

Answer = TypeVar("Answer")

DONE, REFUSED, UNUSABLE, UNKNOWN = 0, 1, 2, 3
"""Exit codes of commands to the desk."""

NOTHING_STARTED = "Nothing was started."
NEEDS_TERMINAL = "The cockpit needs a terminal"

ENV_FILE = click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings file; .env in this directory by default, if it exists.",
)
NO_MOUSE = click.option(
    "--no-mouse", is_flag=True, help="Leave the mouse to the terminal, so that it selects text as usual."
)
SOCKET = click.option(
    "--socket", type=click.Path(path_type=Path), help="The desk's socket; in the state directory by default."
)


def _absolute_file(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return a file by its whole path, for a venue that is started elsewhere; another name as it is."""
    return str(Path(value).absolute()) if value is not None and Path(value).is_file() else value


def venue_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--seed",
            metavar="NUMBER",
            type=click.IntRange(0),
            help="Same seed, same requests, prices and rival answers; 1 by default.",
        ),
        click.option(
            "--rate",
            metavar="PER_SECOND",
            type=click.FloatRange(0, 10_000),
            help="Requests a second, all pairs together; 5 by default.",
        ),
        click.option(
            "--other-pairs",
            metavar="SHARE",
            type=click.FloatRange(0, 1),
            help="Share of requests for other pairs, 0 to 1; 0.9 by default.",
        ),
        click.option("--funded", metavar="SYMBOL", help="The kind of BTC that the maker holds; nBTC by default."),
        click.option("--credited", metavar="SYMBOL", help="The kind of BTC that a deposit becomes; nBTC by default."),
        click.option(
            "--legacy-share",
            metavar="SHARE",
            type=click.FloatRange(0, 1),
            help="Share of the legacy BTC in the requests for our markets, 0 to 1; 0.2 by default.",
        ),
        click.option(
            "--balance",
            "balances",
            multiple=True,
            metavar="SYMBOL=AMOUNT",
            help="An opening balance of the maker in whole tokens, such as BTC=0.2; may be repeated.",
        ),
        click.option(
            "--markets",
            type=click.Path(exists=True, dir_okay=False, resolve_path=True),
            help="Play the tokens and markets of this markets.toml too.",
        ),
        click.option(
            "--speed",
            metavar="FACTOR",
            type=click.FloatRange(0.01, 100_000),
            help="Market seconds per second; 1 by default.",
        ),
        click.option("--prices", type=click.Path(dir_okay=False), help="CSV of bars to replay as the market."),
        click.option(
            "--scenario",
            metavar="NAME|FILE",
            callback=_absolute_file,
            shell_complete=a_scenario,
            help="Play a timeline of prices, flow, faults and money: crash, salt-rotation, bridge-outage, or a file.",
        ),
        click.option(
            "--record",
            type=click.Path(dir_okay=False, resolve_path=True),
            help="Write every frame of every endpoint to this new file, one line of JSON each, without secrets.",
        ),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="NAME=VALUE",
            help="Any other venue setting, such as index_after_s=1; may be repeated; help lists them.",
        ),
    ):
        command = option(command)
    return flow_options(command)


def history_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--history",
            metavar="FILE|URL",
            shell_complete=a_file,
            help="History to read: a file, or postgresql://user@host/name.",
        ),
        click.option("--sandbox", is_flag=True, help="Read the history of the running sandbox, else of the newest."),
        ENV_FILE,
    ):
        command = option(command)
    return command


def env_file_or_default(given: Path | None) -> Path | None:
    """Return the settings file to read: the one named, or ``.env`` here if there is one."""
    default = Path(".env")
    return given or (default if default.exists() else None)


def load_settings(env_file: Path | None) -> "Settings":
    """Load the settings; prints a line for each problem and exits with 2 if they cannot be used."""
    from cockpit.config.errors import SettingsError
    from cockpit.config.settings import load

    try:
        return load(env_file_or_default(env_file), os.environ)
    except SettingsError as exc:
        refuse(exc.problems)


def tokens_of(env_file: Path | None) -> "TokenTable":
    """Return the tokens and markets of the settings; nothing else of them is checked. Exits with 2 when unusable."""
    from cockpit.config.env_file import read_env_file
    from cockpit.config.markets import load_markets
    from cockpit.config.paths import default_state_dir

    names = {"COCKPIT_STATE_DIR", "COCKPIT_MARKETS_FILE"}
    path = env_file_or_default(env_file)
    values = ((read_env_file(path, names).values if path else None) or {}) | {
        name: os.environ[name] for name in names if os.environ.get(name, "").strip()
    }
    named = values.get("COCKPIT_MARKETS_FILE", "").strip() or None
    markets, problems = load_markets(named, os.environ, str(default_state_dir({**values, **os.environ})))
    if problems:
        refuse(problems)
    return markets.tokens


def tokens_of_history(sandbox: bool, env_file: Path | None) -> "TokenTable":
    """Return the tokens that a history was recorded with: those of the chosen sandbox run, or of the settings."""
    from cockpit.processes.sandbox_run import DESK_ENV, SandboxRun

    run = SandboxRun.newest(sandbox_root()).directory / DESK_ENV if sandbox else None
    return tokens_of(run if run is not None and run.exists() else env_file)


def refuse(problems: Iterable[str], code: int = UNUSABLE) -> NoReturn:
    for problem in problems:
        echo(problem, err=True)
    sys.exit(code)


def require_terminal(environ: Mapping[str, str], without: str) -> None:
    """Exit with 2 unless the cockpit has a terminal to paint on; ``without`` says what to run instead."""
    standard = (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr))
    missing = next((name for name, stream in standard if stream is None or not stream.isatty()), None)
    if missing is not None:
        refuse((f"{NEEDS_TERMINAL}: standard {missing} is not one. {NOTHING_STARTED} With ssh use -t; {without}.",))
    if environ.get("TERM") == "dumb":
        refuse((f"{NEEDS_TERMINAL}: TERM is dumb. {NOTHING_STARTED} Set TERM to your terminal's type; {without}.",))


def state_dir(env_file: Path | None, *, stopping: bool = False) -> Path:
    """Return the state directory; nothing else is read. The environment overrides the file.

    ``stopping``: a file that may not be used for trading still says where the desk is.
    """
    from cockpit.config.env_file import read_env_file
    from cockpit.config.paths import default_state_dir

    others_may: OthersMay = "anything" if stopping else "nothing"
    file = read_env_file(env_file or Path(".env"), {"COCKPIT_STATE_DIR"}, others_may=others_may)
    for problem in file.problems:
        echo(problem, err=True)
    if file.values is None and not stopping:
        sys.exit(UNUSABLE)
    given = os.environ.get("COCKPIT_STATE_DIR", "").strip() or (file.values or {}).get("COCKPIT_STATE_DIR", "").strip()
    return default_state_dir({**os.environ, "COCKPIT_STATE_DIR": given})


def sandbox_root() -> Path:
    """Return the directory of the sandbox runs, inside the state directory."""
    from cockpit.config.paths import default_state_dir

    return default_state_dir(os.environ) / "sandbox"


def desk_socket(socket: Path | None, env_file: Path | None, *, stopping: bool = False) -> Path:
    """Return the socket that was named, or where the desk of these settings listens."""
    from cockpit.config.paths import SOCKET_NAME

    return socket or state_dir(env_file, stopping=stopping) / SOCKET_NAME


def ask_desk(socket: Path, ask: "Callable[[DeskClient], Awaitable[Answer]]", *, unattended: bool = False) -> Answer:
    """Run ``ask`` on a connection to the desk and close it; ``unattended``: its commands are no sign of an operator."""
    from cockpit.client.desk_client import DeskClient, operator_name
    from cockpit.model.environment import Environment

    async def asked() -> Answer:
        link = DeskClient(socket, actor=operator_name(), new_id=Environment().new_id, unattended=unattended)
        try:
            return await ask(link)
        finally:
            await link.close()

    return asyncio.run(asked())


def history_place(history: str | None, sandbox: bool, env_file: Path | None) -> Path | str:
    """Return where the chosen history is, whether or not it exists: a file, or the URL of a PostgreSQL database."""
    if sum((history is not None, sandbox, env_file is not None)) > 1:
        raise click.UsageError("give only one of --history, --sandbox and --env-file")
    if history is not None:
        return place_argument(history)
    from cockpit.config.paths import HISTORY_NAME
    from cockpit.processes.sandbox_run import SandboxRun

    if sandbox:
        return SandboxRun.newest(sandbox_root()).history_path
    return postgres_url(env_file) or state_dir(env_file) / HISTORY_NAME


def place_argument(name: str) -> Path | str:
    """Return the file or URL that an argument names. Raises click.UsageError for a password, which others could see."""
    from storage.postgres.address import holds_password

    if not name.startswith(("postgresql://", "postgres://")):
        return Path(name)
    if holds_password(name):
        raise click.UsageError(
            "the URL holds a password, and other users of this machine can see arguments; "
            "leave it out and put it in ~/.pgpass or PGPASSWORD"
        )
    return name


def postgres_url(env_file: Path | None) -> str:
    """POSTGRES_URL of the environment or of the settings file; empty if there is none."""
    from cockpit.config.env_file import read_env_file
    from cockpit.config.settings import NAMES

    path = env_file_or_default(env_file)
    values = (read_env_file(path, NAMES).values or {}) if path else {}
    return (os.environ.get("POSTGRES_URL") or values.get("POSTGRES_URL", "")).strip()


def open_reader(history: str | None, sandbox: bool, env_file: Path | None) -> "SqliteReader | PostgresReader":
    """Open the chosen history for reading; exits with 1 and one sentence if it cannot be opened."""
    from storage.errors import HistoryError

    place = history_place(history, sandbox, env_file)
    if isinstance(place, str) and (waiting := waiting_events(env_file)):
        echo(f"what follows lacks some of it: {printable(waiting)}", err=True)
    try:
        return reader_of(place)
    except HistoryError as exc:
        raise click.ClickException(printable(str(exc))) from None


def waiting_events(env_file: Path | None) -> str:
    """Say that events wait in the journal for the database; empty when none do."""
    from cockpit.config.paths import JOURNAL_NAME
    from storage.journal import Journal

    journal = Journal(state_dir(env_file, stopping=True) / JOURNAL_NAME)
    if not journal.waiting():
        return ""
    return f"{journal.path} holds events that are not in the database yet; start the desk once to write them"


def reader_of(where: Path | str) -> "SqliteReader | PostgresReader":
    """Open a history by its file or its URL. Raises HistoryError."""
    from cockpit.processes import readers

    return readers.reader_of(where)
