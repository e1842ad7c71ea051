"""How soon a venue is ready: from exec to its ready line, beside ``cockpit --version`` in the same run.

``python -m bench.venue_start [--times 10] [--json]``; run from the repository's root.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

import click
import msgspec
import psutil

COMMAND = (sys.executable, "-m", "cockpit")
VENUE = ("venue", "--json")
VERSION = ("--version",)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One start, seconds until its first line: by the clock, and of CPU."""

    wall_s: float
    cpu_s: float


class StartRow(msgspec.Struct, frozen=True, kw_only=True):
    """Medians of both commands. ``wall_ratio`` and ``cpu_ratio``: the venue's over the other's."""

    venue: Start
    version: Start
    wall_ratio: float
    cpu_ratio: float


def start(arguments: Sequence[str]) -> Start:
    """Start the command, wait for its first line, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        since = time.perf_counter()
        with subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=_environment()
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            wall_s = time.perf_counter() - since
            used = psutil.Process(process.pid).cpu_times()
            process.terminate()
        if not line:
            raise click.ClickException(f"cockpit {' '.join(arguments)} ended without a line")
        return Start(wall_s=wall_s, cpu_s=used.user + used.system)


def measure(times: int) -> StartRow:
    """Start both commands so many times in turns, so that both meet the same load."""
    pairs = [(start(VENUE), start(VERSION)) for _ in range(times)]
    venue, version = (_median([pair[place] for pair in pairs]) for place in (0, 1))
    return StartRow(
        venue=venue,
        version=version,
        wall_ratio=statistics.median(one.wall_s / other.wall_s for one, other in pairs),
        cpu_ratio=statistics.median(one.cpu_s / other.cpu_s for one, other in pairs),
    )


@click.command()
@click.option("--times", type=click.IntRange(1, 1_000), default=10, help="Starts of each command.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(times: int, as_json: bool) -> None:
    """Measure how soon a venue is ready."""
    row = measure(times)
    if as_json:
        print(json.dumps(msgspec.to_builtins(row)))
        return
    for name, one in (("cockpit venue", row.venue), ("cockpit --version", row.version)):
        print(f"{name:<18} {one.wall_s:.3f} s to its first line, {one.cpu_s:.3f} s of CPU")
    print(f"{'ratio':<18} {row.wall_ratio:.2f} of time, {row.cpu_ratio:.2f} of CPU")


def _median(starts: Sequence[Start]) -> Start:
    return Start(
        wall_s=statistics.median(one.wall_s for one in starts), cpu_s=statistics.median(one.cpu_s for one in starts)
    )


def _environment() -> dict[str, str]:
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if os.path.isabs(path))}


if __name__ == "__main__":
    main()
