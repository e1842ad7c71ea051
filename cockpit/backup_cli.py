"""`cockpit backup`: a whole copy of the history, taken while the desk goes on."""

import os
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from cockpit.history_cli import history_options, history_path
from storage.backup import back_up
from storage.history import HistoryError


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@history_options
def backup(file: Path, history: Path | None, sandbox: bool, env_file: Path | None) -> None:
    """Copy the history into FILE, which must not exist yet; the desk may go on writing meanwhile.

    The copy is checked before it gets its name, and only its owner can read it: it holds signed withdrawals.
    """
    source = history_path(history, sandbox, env_file)
    if history is None and not sandbox:
        _refuse_postgres(env_file, file)
    begun = time.monotonic()
    try:
        made = back_up(source, file)
    except HistoryError as exc:
        raise click.ClickException(str(exc)) from None
    rows = sum(made.rows.values())
    click.echo(f"{file}: {rows:,} rows, {made.size / 1e6:,.1f} MB, checked, in {time.monotonic() - begun:.1f} s")
    for name, count in made.rows.items():
        click.echo(f"  {name:<28} {count:>12,}")


def _refuse_postgres(env_file: Path | None, file: Path) -> None:
    """PostgreSQL has its own tool, which knows how; say the whole command, but for the password."""
    from cockpit.envfile import read_env_file
    from cockpit.settings import NAMES

    given = env_file or Path(".env")
    values = (read_env_file(given, NAMES).values or {}) if given.exists() else {}
    url = (os.environ.get("POSTGRES_URL") or values.get("POSTGRES_URL", "")).strip()
    if not url:
        return
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    named = f"{parts.username}@{host}" if parts.username else host
    shown = urlunsplit((parts.scheme, named, parts.path, "", ""))
    raise click.ClickException(
        "the history is in PostgreSQL, whose own tool backs it up beside a running desk "
        f"(it asks for the password): pg_dump --format=custom --file={file} '{shown}'"
    )
