"""`cockpit backup`: a verified copy of the history, taken while the desk runs."""

import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from cockpit.cli.common import history_options, history_place
from cockpit.cli.operate.chosen_desk import AS_JSON
from cockpit.cli.operate.outcomes import print_json
from cockpit.model.formatting import counted
from cockpit.model.printable import printable
from cockpit.processes.echo import echo
from storage.errors import HistoryError
from storage.sqlite.backup import back_up


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@history_options
@AS_JSON
def backup(file: Path, history: str | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Copy the history to a file while the desk runs.

    FILE must not exist. The copy is verified before it gets its name, and only its owner can read it: it holds signed
    withdrawals.
    """
    source = history_place(history, sandbox, env_file)
    if not isinstance(source, Path):
        raise _postgres(source, file)
    started = time.monotonic()
    try:
        made = back_up(source, file)
    except HistoryError as exc:
        raise click.ClickException(printable(str(exc))) from None
    rows, took_s = sum(made.rows.values()), time.monotonic() - started
    if as_json:
        print_json(
            {"file": str(file), "bytes": made.size, "rows": rows, "tables": made.rows, "seconds": round(took_s, 3)}
        )
        return
    echo(f"{file}: {counted(rows, 'row')}, {made.size / 1e6:,.1f} MB, verified, in {took_s:.1f} s")
    for name, count in made.rows.items():
        echo(f"  {name:<28} {count:>12,}")


def _postgres(url: str, file: Path) -> click.ClickException:
    # PostgreSQL's own tool does it; the message holds the whole command without the password.
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    named = f"{parts.username}@{host}" if parts.username else host
    shown = urlunsplit((parts.scheme, named, parts.path, "", ""))
    return click.ClickException(
        "the history is in PostgreSQL; back it up with pg_dump, which asks for the password and does not disturb the "
        f"desk: pg_dump --format=custom --file={file} '{shown}'"
    )
