"""`cockpit venue replay`: the venue's side of a frame log, served again."""

from collections.abc import Mapping
from pathlib import Path

import click
import uvloop

from cockpit.cli.venue.env_file import refuse_other, write_env
from cockpit.processes.echo import echo

INCOMPLETE = "the log was cut off: what follows its last whole line is missing"
DROPPED = "the log left out {frames} frames, which came faster than they could be written"


@click.command()
@click.argument("log", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--port", metavar="PORT", type=click.IntRange(0, 65_526), default=0, help="First of the ports; 0 picks free ones."
)
@click.option(
    "--speed",
    metavar="FACTOR",
    type=click.FloatRange(0.01, 1_000),
    default=1.0,
    help="Recorded seconds a second; 1 by default.",
)
@click.option(
    "--write-env",
    "env_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the .env lines to this file (mode 0600) instead of printing them.",
)
def replay(log: Path, port: int, speed: float, env_file: Path | None) -> None:
    """Serve what a venue said in a log of --record again.

    Prints its addresses as .env lines; use any account and key, since nothing is checked. SIGTERM or SIGINT ends it.
    """
    from venue.sandbox.recording.reading import read_recording
    from venue.sandbox.replay.process import run_replay

    def announce(env: Mapping[str, str]) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in env.items())
        if env_file is None:
            echo(lines, nl=False)
        else:
            write_env(env_file, lines)

    try:
        if env_file is not None:
            refuse_other(env_file)
        recording = read_recording(log)
        if not recording.complete:
            echo(INCOMPLETE, err=True)
        if recording.dropped:
            echo(DROPPED.format(frames=recording.dropped), err=True)
        uvloop.run(run_replay(recording, announce, port=port, speed=speed))
    except (OSError, ValueError) as exc:
        raise click.ClickException(f"cannot replay {log}: {exc}") from None
