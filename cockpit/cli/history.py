"""`cockpit report`, `trace` and `replay`: what the history tells, beside a running desk or without one."""

import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from storage.errors import HistoryError
from storage.reader import Reader, Span, find_run, runs
from storage.sqlite.reader import SqliteReader

if TYPE_CHECKING:
    from storage.postgres.reader import PostgresReader

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?Z?")


def history_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose a history."""
    for option in (
        click.option(
            "--history", metavar="FILE|URL", help="The history to read: a file, or postgresql://user@host/name."
        ),
        click.option("--sandbox", is_flag=True, help="Read the history of the newest rehearsal."),
        click.option(
            "--env-file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="Settings file that names the state directory; .env in this directory when it exists.",
        ),
    ):
        command = option(command)
    return command


def open_reader(history: str | None, sandbox: bool, env_file: Path | None) -> "SqliteReader | PostgresReader":
    """The chosen history, opened for reading; one sentence and exit code 1 when it cannot be."""
    try:
        return reader_of(history_place(history, sandbox, env_file))
    except HistoryError as exc:
        raise click.ClickException(str(exc)) from None


def reader_of(where: Path | str) -> "SqliteReader | PostgresReader":
    """A history by its file or its URL. Raises HistoryError."""
    if isinstance(where, Path):
        return SqliteReader(where)
    from storage.postgres.reader import PostgresReader

    return PostgresReader(where)


def history_place(history: str | None, sandbox: bool, env_file: Path | None) -> Path | str:
    """Where the chosen history is, whether there is one or not: a file, or the URL of a PostgreSQL database."""
    if sum((history is not None, sandbox, env_file is not None)) > 1:
        raise click.UsageError("give one of --history, --sandbox and --env-file")
    if history is not None:
        return history if is_url(history) else Path(history)
    from cockpit.cli.liquidity import desk_socket
    from cockpit.config.settings import HISTORY_NAME, default_state_dir
    from cockpit.processes.sandbox import LATEST

    if sandbox:
        return default_state_dir(os.environ) / "sandbox" / LATEST / HISTORY_NAME
    return postgres_url(env_file) or desk_socket(env_file or Path(".env")).parent / HISTORY_NAME


def is_url(name: str) -> bool:
    """Whether it names a database rather than a file."""
    return name.startswith(("postgresql://", "postgres://"))


def postgres_url(env_file: Path | None) -> str:
    """POSTGRES_URL of the environment or of the settings file; empty when there is none."""
    from cockpit.config.env_file import read_env_file
    from cockpit.config.settings import NAMES

    given = env_file or Path(".env")
    values = (read_env_file(given, NAMES).values or {}) if given.exists() else {}
    return (os.environ.get("POSTGRES_URL") or values.get("POSTGRES_URL", "")).strip()


def chosen_span(reader: Reader, day: str | None, since: str | None, until: str | None, run: str | None) -> Span:
    """The span that was asked for; the whole history when nothing was."""
    if sum((day is not None, since is not None or until is not None, run is not None)) > 1:
        raise click.UsageError("give one of --day, --from/--to and --run")
    if run is not None:
        return find_run(reader, run).span
    every = runs(reader)
    if not every:
        raise HistoryError("the history holds no run yet")
    if day is not None:
        begin = _time(day, "--day")
        return Span(_ns(begin), _ns(begin + timedelta(days=1)))
    whole = Span(min(one.started_ns for one in every), max(one.last_write_ns for one in every) + 1)
    span = Span(
        whole.from_ns if since is None else _ns(_time(since, "--from")),
        whole.to_ns if until is None else _ns(_time(until, "--to")),
    )
    if span.from_ns >= span.to_ns:
        raise click.UsageError("the range is empty: --from must be before --to")
    return span


def _time(text: str, option: str) -> datetime:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise click.UsageError(f"{option} {text}: write a UTC time such as 2026-11-25 or 2026-11-25T14:30") from None


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * 10**9


def span_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose a span of time."""
    for option in (
        click.option("--run", help="One run: its id, the begin of it, or `last`."),
        click.option("--to", "until", help="Up to this UTC time, itself not included."),
        click.option("--from", "since", help="From this UTC time, such as 2026-11-25T14:30."),
        click.option("--day", help="One UTC day, such as 2026-11-25."),
    ):
        command = option(command)
    return command


@click.command()
@span_options
@history_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, one figure a row.")
@click.option("--fills", is_flag=True, help="With --csv: one fill a row instead; with --json: the fills too.")
@click.option("--fee-pips", type=click.IntRange(0, 999_999), default=1, show_default=True, help="The protocol's fee.")
def report(
    day: str | None,
    since: str | None,
    until: str | None,
    run: str | None,
    history: str | None,
    sandbox: bool,
    env_file: Path | None,
    as_json: bool,
    as_csv: bool,
    fills: bool,
    fee_pips: int,
) -> None:
    """What trading came to: fills, spread, profit, win rate, markouts, market share. Of all time unless said."""
    if as_json and as_csv:
        raise click.UsageError("give one of --json and --csv")
    if fills and not (as_json or as_csv):
        raise click.UsageError("--fills goes with --json or --csv")
    from cockpit.reports import report_text as trading_text
    from cockpit.reports.trading_report import trading_report

    with open_reader(history, sandbox, env_file) as reader:
        try:
            told = trading_report(reader, chosen_span(reader, day, since, until, run), pips=fee_pips, with_fills=fills)
        except HistoryError as exc:
            raise click.ClickException(str(exc)) from None
    if as_csv:
        sys.stdout.write(trading_text.fills_csv(told.fills) if fills else trading_text.as_csv(told))
    else:
        click.echo(trading_text.as_json(told) if as_json else trading_text.as_text(told))


@click.command()
@click.argument("name", metavar="QUOTE_ID|HASH|TX")
@history_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def trace(name: str, history: str | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Print the life of one quote, every row in time order; the begin of a name is enough when only one has it."""
    from cockpit.reports import quote_trace_text as life_text
    from storage.reporting.quote_trace import find_quote, trace_quote

    with open_reader(history, sandbox, env_file) as reader:
        try:
            life = trace_quote(reader, *find_quote(reader, name))
        except HistoryError as exc:
            raise click.ClickException(str(exc)) from None
    click.echo(life_text.as_json(life) if as_json else life_text.as_text(life))


@click.command()
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Decide under another setting, for instance STRATEGY_HALF_SPREAD_BPS=10; more than one may be given.",
)
@click.option("--armed", is_flag=True, help="As if strategy and executor had been armed all the time.")
@span_options
@history_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def replay(
    settings: tuple[str, ...],
    armed: bool,
    day: str | None,
    since: str | None,
    until: str | None,
    run: str | None,
    history: str | None,
    sandbox: bool,
    env_file: Path | None,
    as_json: bool,
) -> None:
    """Decide recorded requests again, by the desk's own strategy, under other limits or spreads.

    Without --set or --armed: under the settings of then. Exit code 1 when a decision then comes out otherwise.
    """
    from cockpit.reports import replay_text
    from cockpit.reports.replay import replay as again
    from storage.reporting.decisions import recorded_decisions

    try:
        changes = replay_text.changes_of(settings, armed=armed)
    except replay_text.InvalidChangeError as exc:
        raise click.UsageError(str(exc)) from None
    with open_reader(history, sandbox, env_file) as reader:
        try:
            told = again(recorded_decisions(reader, chosen_span(reader, day, since, until, run)), changes)
        except HistoryError as exc:
            raise click.ClickException(str(exc)) from None
    given = (*settings, *(("as if armed",) if armed else ()))
    click.echo(replay_text.as_json(told) if as_json else replay_text.as_text(told, given))
    if not given and told.same < told.decisions - told.without_record:
        sys.exit(1)
