"""`cockpit other-pairs`: count the requests that the relay keeps back, for a limited time."""

import sys
from pathlib import Path

import click

from cockpit.cli.common import DONE, ENV_FILE, SOCKET, UNKNOWN, ask_desk, desk_socket, print_outcome
from cockpit.cli.messages import disconnected
from cockpit.client.desk_client import ConnectionLost, DeskClient
from cockpit.model.commands import LONGEST_COUNT_S, SHORTEST_COUNT_S, Result
from cockpit.model.other_pairs import counted_text
from cockpit.processes.echo import echo


@click.command("other-pairs")
@click.option(
    "--seconds",
    type=click.IntRange(SHORTEST_COUNT_S, LONGEST_COUNT_S),
    default=60,
    show_default=True,
    help="How long the relay sends every request.",
)
@SOCKET
@ENV_FILE
def other_pairs(seconds: int, socket: Path | None, env_file: Path | None) -> None:
    """Count the requests for other pairs.

    The relay sends only requests for our tokens (RELAY_FILTER_REQUESTS), so how many others there are is unknown. This
    has it send all of them for a while, then filters again and prints the count.
    """
    sys.exit(ask_desk(desk_socket(socket, env_file), lambda link: _count(link, seconds)))


async def _count(link: DeskClient, seconds: int) -> int:
    outcome = await link.count_other_pairs(seconds)
    code = print_outcome(outcome)
    if not isinstance(outcome, Result) or code != DONE:
        return code
    async for shot in link.snapshots():
        if isinstance(shot, ConnectionLost):
            echo(disconnected(shot), err=True)
            return UNKNOWN
        counts = shot.counts
        # A snapshot of before this command tells of an earlier count, if of any.
        begun = any(row.command_id == outcome.command_id for row in shot.journal)
        if begun and not counts.others_left_ms and counts.others_counted is not None:
            echo(f"other pairs: {counted_text(counts.others_counted, counts.others_over_ms or 0)}")
            return DONE
    return UNKNOWN
