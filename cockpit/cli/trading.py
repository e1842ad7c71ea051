"""`cockpit trading`: which quotes the running desk makes, shown and set from the command line."""

import asyncio
import os
import sys
from pathlib import Path

import click

from cockpit.cli.liquidity import desk_socket
from cockpit.client.desk_client import ConnectionLost, DeskClient, UnknownOutcome
from cockpit.client.operator import actor
from cockpit.model.snapshot import Trading

STATES: dict[str, Trading] = {"active": "ACTIVE", "reducing": "REDUCING", "halted": "HALTED"}


@click.command()
@click.argument("state", type=click.Choice(list(STATES), case_sensitive=False), required=False)
@click.option("--reason", default="", help="Why, for the journal and the screen: one line.")
@click.option("--socket", type=click.Path(path_type=Path), help="The desk's socket; by default in the state directory.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings file that names the state directory; .env in this directory when it exists.",
)
def trading(state: str | None, reason: str, socket: Path | None, env_file: Path | None) -> None:
    """Show which quotes are made, or set it: all, those that reduce the inventory toward its target, or none."""
    wanted = None if state is None else STATES[state.lower()]
    sys.exit(asyncio.run(_trading(socket or desk_socket(env_file or Path(".env")), wanted, reason)))


async def _trading(socket: Path, wanted: Trading | None, reason: str) -> int:
    link = DeskClient(socket, actor=actor(), new_id=lambda: os.urandom(8).hex())
    try:
        if wanted is None:
            return await _show(link)
        outcome = await link.trading(wanted, reason)
        if isinstance(outcome, UnknownOutcome):
            told = "the desk may have done it" if outcome.sent else "the desk did not get it"
            click.echo(f"{outcome.command}: {outcome.reason}; {told}", err=True)
            return 3 if outcome.sent else 1
        click.echo(outcome.reason, err=not outcome.accepted)
        return 0 if outcome.accepted else 1
    finally:
        await link.close()


async def _show(link: DeskClient) -> int:
    async for said in link.snapshots():
        if isinstance(said, ConnectionLost):
            click.echo(f"the desk is not heard: {said.reason}", err=True)
            return 3
        click.echo(said.trading + (f": {said.trading_why}" if said.trading_why else ""))
        return 0
    return 3
