"""`cockpit export` and `cockpit import`: the whole history from SQLite to PostgreSQL and back."""

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.history import history_options, history_place, is_url, reader_of
from storage.errors import HistoryError
from storage.journal import Journal
from storage.transfer.transfer import Target, transfer

if TYPE_CHECKING:
    from storage.transfer.to_postgres import PostgresTarget
    from storage.transfer.to_sqlite import SqliteTarget

ENV_FILE = click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings file that names the state directory or the database; .env in this directory when it exists.",
)


@click.command()
@click.argument("target", metavar="FILE|URL")
@history_options
def export(target: str, history: str | None, sandbox: bool, env_file: Path | None) -> None:
    """Copy the history to TARGET: a new file, or an empty PostgreSQL database by its postgresql:// URL.

    The desk may go on meanwhile; what it writes later is copied by the next call. One that broke off goes on where it
    was. Counts and sums of every table are compared before the copy may be used.
    """
    source = history_place(history, sandbox, env_file)
    if not isinstance(source, Path) and history is None:
        _refuse_waiting(env_file)
    _copy(source, target if is_url(target) else Path(target))


@click.command(name="import")
@click.argument("source", metavar="FILE|URL")
@ENV_FILE
def import_(source: str, env_file: Path | None) -> None:
    """Copy the history SOURCE, a file or a postgresql:// URL, to where the settings keep theirs; none may be there."""
    _copy(source if is_url(source) else Path(source), history_place(None, False, env_file))


def _copy(source: Path | str, target: Path | str) -> None:
    begun = time.monotonic()

    def told(table: str, last: int, copied: int) -> None:
        click.echo(f"  {table:<28} {copied:>12,} rows{f' after id {last:,}' if last else ''}")

    try:
        with reader_of(source) as reader, _target(target) as store:
            opened: Target = store
            found = transfer(reader, opened, told)
    except HistoryError as exc:
        raise click.ClickException(str(exc)) from None
    rows = sum(one.rows for one in found.values())
    click.echo(f"{rows:,} rows, counts and sums compared, in {time.monotonic() - begun:.1f} s")


def _target(where: Path | str) -> "AbstractContextManager[SqliteTarget | PostgresTarget]":
    if isinstance(where, Path):
        from storage.transfer.to_sqlite import SqliteTarget

        return SqliteTarget(where)
    from storage.transfer.to_postgres import PostgresTarget

    return PostgresTarget(where)


def _refuse_waiting(env_file: Path | None) -> None:
    """What waits in the journal for the database would be missing."""
    from cockpit.cli.liquidity import desk_socket
    from cockpit.config.settings import JOURNAL_NAME

    journal = Journal(desk_socket(env_file or Path(".env")).parent / JOURNAL_NAME)
    if journal.waiting():
        raise click.ClickException(f"{journal.path} holds events that are not in the database yet: start a desk once")
