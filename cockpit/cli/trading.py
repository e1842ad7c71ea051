"""`cockpit trading`: the trading state of the running desk, shown or set."""

import sys
from pathlib import Path

import click

from cockpit.cli.common import DONE, ENV_FILE, SOCKET, UNKNOWN, ask_desk, desk_socket, print_outcome
from cockpit.cli.messages import disconnected
from cockpit.client.desk_client import ConnectionLost, DeskClient
from cockpit.model.snapshot import Trading
from cockpit.processes.echo import echo

STATES: dict[str, Trading] = {"active": "ACTIVE", "reducing": "REDUCING", "halted": "HALTED"}


@click.command()
@click.argument("state", type=click.Choice(list(STATES), case_sensitive=False), required=False)
@click.option("--reason", default="", help="Why, for the journal and the screen: one line.")
@SOCKET
@ENV_FILE
def trading(state: str | None, reason: str, socket: Path | None, env_file: Path | None) -> None:
    """Show or set the trading state.

    ACTIVE: all quotes. REDUCING: only quotes that move the inventory toward its target. HALTED: no quotes.
    """
    where = desk_socket(socket, env_file)
    if state is None:
        sys.exit(ask_desk(where, _show))
    wanted = STATES[state.lower()]
    sys.exit(print_outcome(ask_desk(where, lambda link: link.trading(wanted, reason))))


async def _show(link: DeskClient) -> int:
    async for shot in link.snapshots():
        if isinstance(shot, ConnectionLost):
            echo(disconnected(shot), err=True)
            return UNKNOWN
        echo(shot.trading + (f": {shot.trading_why}" if shot.trading_why else ""))
        return DONE
    return UNKNOWN
