"""`cockpit stop`: disarm the running desk, and show the quotes that stay live."""

import sys
from decimal import Decimal
from pathlib import Path

import click

from cockpit.cli.common import DONE, ENV_FILE, SOCKET, UNKNOWN, ask_desk, desk_socket, print_outcome
from cockpit.cli.messages import disconnected
from cockpit.client.desk_client import ConnectionLost, DeskClient
from cockpit.model.commands import ARMABLE
from cockpit.model.formatting import time_left
from cockpit.model.quote_texts import MAKER_TERMS, counts, refused_text
from cockpit.model.snapshot import Snapshot
from cockpit.processes.echo import echo

NO_LIVE_QUOTE = "No quote is live."


@click.command()
@click.option(
    "--hard",
    is_flag=True,
    help=f"Also burn every quote that could still settle; wait until none is left. {MAKER_TERMS}",
)
@click.option("--yes", is_flag=True, help="With --hard: do not ask.")
@SOCKET
@ENV_FILE
def stop(hard: bool, yes: bool, socket: Path | None, env_file: Path | None) -> None:
    """Disarm everything at once.

    Then shows the quotes that are still live. The desk keeps running; `q` in the cockpit ends it.
    """
    where = desk_socket(socket, env_file, stopping=True)
    # Disarming waits for nobody: only burning is asked about.
    code = ask_desk(where, _disarm)
    if hard and code == DONE and (yes or click.confirm(f"{MAKER_TERMS} Burn every quote that could still settle?")):
        code = ask_desk(where, _burn)
    sys.exit(code)


async def _disarm(link: DeskClient) -> int:
    codes = [print_outcome(await link.send(part, "disarm")) for part in reversed(ARMABLE)]
    if any(codes):
        return max(codes)
    async for shot in link.snapshots():
        if isinstance(shot, ConnectionLost):
            echo(disconnected(shot))
            return UNKNOWN
        echo(signed_quotes(shot))
        return DONE
    return UNKNOWN


async def _burn(link: DeskClient) -> int:
    """Burn, and print the progress until nothing is left."""
    code = print_outcome(await link.hard_stop())
    if code:
        return code
    printed = ""
    async for shot in link.snapshots():
        if isinstance(shot, ConnectionLost):
            echo(f"{disconnected(shot)}. The desk may still be burning quotes.", err=True)
            return UNKNOWN
        if shot.hard_stop is None:
            echo(signed_quotes(shot))
            return DONE
        line = counts(shot.hard_stop)
        if line != printed:
            printed = line
            echo(line)
        if not shot.hard_stop.left:
            return DONE
    return UNKNOWN


def signed_quotes(shot: Snapshot) -> str:
    """Describe the quotes that could still settle: how many, for what amounts, and until when."""
    live, found = shot.alive, []
    if live.quotes:
        many = "live quote commits" if live.quotes == 1 else "live quotes commit"
        last = "expires" if live.quotes == 1 else "the last expires"
        found.append(
            f"{live.quotes} {many} {_amounts(live.btc, live.eure)}; {last} in {time_left(live.last_death_ms)}."
        )
    if live.refused:
        found.append(f"{refused_text(live, shot.at_ns)}: {_amounts(live.refused_btc, live.refused_eure)}.")
    return " ".join([*found, "To burn: cockpit stop --hard"]) if found else NO_LIVE_QUOTE


def _amounts(btc: Decimal, eure: Decimal) -> str:
    return f"{btc.normalize():f} BTC and {eure.normalize():f} EURe"
