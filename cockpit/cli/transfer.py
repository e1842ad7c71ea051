"""`cockpit export` and `cockpit import`: the whole history from SQLite to PostgreSQL and back."""

import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.common import ENV_FILE, history_options, history_place, place_argument, reader_of, waiting_events
from cockpit.cli.operate.chosen_desk import AS_JSON
from cockpit.cli.operate.file_names import a_file
from cockpit.cli.operate.outcomes import print_json
from cockpit.model.formatting import counted
from cockpit.model.printable import printable
from cockpit.processes.echo import echo
from storage.errors import HistoryError
from storage.transfer.transfer import Target, transfer

if TYPE_CHECKING:
    from storage.transfer.to_postgres import PostgresTarget
    from storage.transfer.to_sqlite import SqliteTarget


@click.command()
@click.argument("target", metavar="FILE|URL", shell_complete=a_file)
@history_options
@AS_JSON
def export(target: str, history: str | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Copy the history to another file or database.

    FILE|URL is a new file, or an empty PostgreSQL database by its postgresql:// URL. The desk may keep running; run
    export again to copy what it has written since. An interrupted export resumes. The copy can be used only after
    counts and sums of every table have been compared.
    """
    source = history_place(history, sandbox, env_file)
    if not isinstance(source, Path) and history is None:
        _refuse_waiting(env_file)
    _copy(source, place_argument(target), as_json)


@click.command(name="import")
@click.argument("source", metavar="FILE|URL", shell_complete=a_file)
@ENV_FILE
@AS_JSON
def import_(source: str, env_file: Path | None, as_json: bool) -> None:
    """Copy a history to where the settings keep theirs.

    FILE|URL is the source: a file or a postgresql:// URL. The settings' own place must hold no history.
    """
    _copy(place_argument(source), history_place(None, False, env_file), as_json)


def _copy(source: Path | str, target: Path | str, as_json: bool) -> None:
    started = time.monotonic()

    def show_progress(table: str, last: int, copied: int) -> None:
        if not as_json:
            echo(f"  {table:<28} {copied:>12,} copied{f' after id {last:,}' if last else ''}")

    try:
        with reader_of(source) as reader, _target(target) as store:
            opened: Target = store
            found = transfer(reader, opened, show_progress)
    except HistoryError as exc:
        raise click.ClickException(printable(str(exc))) from None
    rows = sum(one.rows for one in found.values())
    took_s = time.monotonic() - started
    if as_json:
        tables = {table: one.rows for table, one in found.items()}
        print_json({"rows": rows, "tables": tables, "seconds": round(took_s, 3)})
    else:
        echo(f"{counted(rows, 'row')} copied, counts and sums equal, in {took_s:.1f} s")


def _target(where: Path | str) -> "AbstractContextManager[SqliteTarget | PostgresTarget]":
    if isinstance(where, Path):
        from storage.transfer.to_sqlite import SqliteTarget

        return SqliteTarget(where)
    from storage.transfer.to_postgres import PostgresTarget

    return PostgresTarget(where)


def _refuse_waiting(env_file: Path | None) -> None:
    waiting = waiting_events(env_file)
    if waiting:
        raise click.ClickException(waiting)
