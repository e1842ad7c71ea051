"""`cockpit other-pairs`: count the requests that the relay keeps back, for a limited time."""

import sys
from pathlib import Path

import click

from cockpit.cli.common import DONE, UNKNOWN, ask_desk
from cockpit.cli.messages import disconnected
from cockpit.cli.operate.chosen_desk import choose_desk, desk_options, require_desk
from cockpit.cli.operate.outcomes import print_json, print_outcome, print_problem
from cockpit.client.desk_client import ConnectionLost, DeskClient
from cockpit.model.commands import LONGEST_COUNT_S, SHORTEST_COUNT_S, Result
from cockpit.model.other_pairs import counted_text
from cockpit.processes.echo import echo


@click.command("other-pairs")
@click.option(
    "--seconds",
    metavar="SECONDS",
    type=click.IntRange(SHORTEST_COUNT_S, LONGEST_COUNT_S),
    default=60,
    show_default=True,
    help="How long the relay sends every request.",
)
@desk_options
def other_pairs(seconds: int, socket: Path | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Count the requests for other pairs.

    The relay sends only requests for our tokens (RELAY_FILTER_REQUESTS), so how many others there are is unknown. This
    has it send all of them for a while, then filters again and prints the count.
    """
    where = choose_desk(socket, sandbox, env_file).socket
    require_desk(where, as_json=as_json)
    sys.exit(ask_desk(where, lambda link: _count(link, seconds, as_json)))


async def _count(link: DeskClient, seconds: int, as_json: bool) -> int:
    outcome = await link.count_other_pairs(seconds)
    if not isinstance(outcome, Result) or not outcome.accepted:
        return print_outcome(outcome, as_json=as_json)
    if not as_json:
        print_outcome(outcome)
    async for shot in link.snapshots():
        if isinstance(shot, ConnectionLost):
            print_problem(disconnected(shot), as_json=as_json)
            return UNKNOWN
        counts = shot.counts
        # A snapshot of before this command tells of an earlier count, if of any.
        begun = any(row.command_id == outcome.command_id for row in shot.journal)
        if begun and not counts.others_left_ms and counts.others_counted is not None:
            over_ms = counts.others_over_ms or 0
            if as_json:
                print_json({"requests": counts.others_counted, "over_ms": over_ms})
            else:
                echo(f"other pairs: {counted_text(counts.others_counted, over_ms)}")
            return DONE
    return UNKNOWN
