"""`cockpit stop`: disarm the running desk from the command line, and say what disarming cannot take back."""

import asyncio
import os
import sys
from pathlib import Path

import click

from cockpit.cli.liquidity import desk_socket
from cockpit.client.desk_client import ConnectionLost, DeskClient, Outcome, UnknownOutcome
from cockpit.client.operator import actor
from cockpit.model.commands import ARMABLE
from cockpit.model.formatting import left
from cockpit.model.snapshot import Snapshot


@click.command()
@click.option("--hard", is_flag=True, help="Burn the quotes that are alive, too, and wait until none is.")
@click.option("--yes", is_flag=True, help="With --hard: do not ask.")
@click.option("--socket", type=click.Path(path_type=Path), help="The desk's socket; by default in the state directory.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings file that names the state directory; .env in this directory when it exists.",
)
def stop(hard: bool, yes: bool, socket: Path | None, env_file: Path | None) -> None:
    """Disarm everything at once, and say which quotes still bind. The desk goes on; `q` in the cockpit ends it."""
    where = socket or desk_socket(env_file or Path(".env"))
    # Disarming waits for nobody: only burning is asked about.
    code = asyncio.run(_stop(where, hard=False))
    if hard and code == 0 and (yes or click.confirm("Burn every quote that is still alive?")):
        code = asyncio.run(_stop(where, hard=True))
    sys.exit(code)


async def _stop(socket: Path, *, hard: bool) -> int:
    link = DeskClient(socket, actor=actor(), new_id=lambda: os.urandom(8).hex())
    try:
        if hard:
            return _say(await link.hard_stop()) or await _follow(link)
        codes = [_say(await link.send(part, "disarm")) for part in reversed(ARMABLE)]
        if any(codes):
            return max(codes)
        async for said in link.snapshots():
            click.echo(f"the desk is not heard: {said.reason}" if isinstance(said, ConnectionLost) else _alive(said))
            return 3 if isinstance(said, ConnectionLost) else 0
        return 3
    finally:
        await link.close()


async def _follow(link: DeskClient) -> int:
    """Say how the burning goes until nothing is left."""
    told = ""
    async for said in link.snapshots():
        if isinstance(said, ConnectionLost):
            click.echo(f"the desk is not heard, burning may go on: {said.reason}", err=True)
            return 3
        done = said.hard_stop
        if done is None:
            click.echo(_alive(said))
            return 0
        line = f"{done.burned} of {done.asked} burned, {done.settled} settled before, {done.expired} died first"
        if line != told:
            told = line
            click.echo(line)
        if not done.left:
            return 0
    return 3


def _alive(shot: Snapshot) -> str:
    alive = shot.alive
    if not alive.quotes:
        return "no quote is alive"
    many = "quote still binds" if alive.quotes == 1 else "quotes still bind"
    return (
        f"{alive.quotes} signed {many} {alive.btc.normalize():f} BTC and {alive.eure.normalize():f} EURe; "
        f"the last one dies in {left(alive.last_death_ms)} (`cockpit stop --hard` burns them)"
    )


def _say(outcome: Outcome) -> int:
    """Say what became of a command; 0 done, 1 refused or not sent, 3 unknown."""
    if isinstance(outcome, UnknownOutcome):
        told = "the desk may have done it" if outcome.sent else "the desk did not get it"
        click.echo(f"{outcome.command}: {outcome.reason}; {told}", err=True)
        return 3 if outcome.sent else 1
    click.echo(outcome.reason, err=not outcome.accepted)
    return 0 if outcome.accepted else 1
