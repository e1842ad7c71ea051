"""`cockpit trading`: the trading state of the running desk, shown or set."""

import sys
from pathlib import Path

import click

from cockpit.cli.common import DONE, UNKNOWN, ask_desk
from cockpit.cli.operate.chosen_desk import choose_desk, desk_options, require_desk
from cockpit.cli.operate.outcomes import newest, print_json, print_outcome
from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import Trading
from cockpit.processes.echo import echo

STATES: dict[str, Trading] = {"active": "ACTIVE", "reducing": "REDUCING", "halted": "HALTED"}


@click.command()
@click.argument("state", type=click.Choice(list(STATES), case_sensitive=False), required=False)
@click.option("--reason", default="", help="Why, for the journal and the screen: one line.")
@desk_options
def trading(
    state: str | None, reason: str, socket: Path | None, sandbox: bool, env_file: Path | None, as_json: bool
) -> None:
    """Show or set the trading state.

    ACTIVE: all quotes. REDUCING: only quotes that move the inventory toward its target. HALTED: no quotes.
    """
    where = choose_desk(socket, sandbox, env_file).socket
    require_desk(where, as_json=as_json, sends=state is not None)
    if state is None:
        sys.exit(ask_desk(where, lambda link: _show(link, as_json)))
    wanted = STATES[state.lower()]
    sys.exit(print_outcome(ask_desk(where, lambda link: link.trading(wanted, reason)), as_json=as_json))


async def _show(link: DeskClient, as_json: bool) -> int:
    shot = await newest(link, as_json=as_json)
    if shot is None:
        return UNKNOWN
    if as_json:
        print_json({"state": shot.trading, "reason": shot.trading_why})
    else:
        echo(shot.trading + (f": {shot.trading_why}" if shot.trading_why else ""))
    return DONE
