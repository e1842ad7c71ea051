"""`cockpit venue play`: a scenario in virtual time, and every frame of it in a file."""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from cockpit.cli.common import refuse
from cockpit.cli.operate.file_names import a_scenario
from cockpit.cli.venue.settings import venue_settings
from cockpit.model.formatting import counted
from cockpit.processes.echo import echo
from venue.sandbox.config import VenueConfig
from venue.sandbox.scenario.errors import ScenarioError
from venue.sandbox.scenario.reading import load_scenario

EXISTS = "{path} exists; name another file, or remove it"


class _Hashing:
    """A file that is hashed as it is written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def write(self, raw: bytes) -> int:
        self.hash.update(raw)
        return self._file.write(raw)


@click.command()
@click.argument("scenario", metavar="NAME|FILE", shell_complete=a_scenario)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file for every frame of every endpoint, as --record writes them.",
)
@click.option("--seed", metavar="NUMBER", type=click.IntRange(0), help="Another seed than the scenario's.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Any venue setting; may be repeated.")
def play(scenario: str, out: Path, seed: int | None, settings: tuple[str, ...]) -> None:
    """Play a scenario in virtual time against a scripted maker.

    Minutes take seconds, nothing listens, and the same seed gives the same bytes. Prints their SHA-256.
    """
    from venue.sandbox.virtual.playing import play as play_virtually

    try:
        found = load_scenario(scenario)
        given = found.settings() | ({} if seed is None else {"seed": seed}) | venue_settings(settings)
        config = msgspec.convert(given, VenueConfig)
        with _new(out) as file:
            hashing = _Hashing(file)
            played = play_virtually(config, found, hashing)
    except ScenarioError as exc:
        refuse(exc.problems)
    except (OSError, ValueError) as exc:
        raise click.ClickException(f"cannot play {scenario}: {exc}") from None
    echo(f"{found.name}, seed {config.seed}: {found.header.duration_s:g} s, {counted(played.frames, 'frame')}")
    for problem in played.problems:
        echo(f"did not happen: {problem}")
    echo(f"sha256 {hashing.hash.hexdigest()}")


def _new(path: Path) -> BinaryIO:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise FileExistsError(EXISTS.format(path=path)) from None
    return os.fdopen(handle, "wb")
