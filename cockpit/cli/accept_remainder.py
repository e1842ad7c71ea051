"""`cockpit accept-remainder`: take an unexplained difference of the balances as given, to the base unit."""

import asyncio
import os
import sys
from pathlib import Path

import click

from cockpit.cli.liquidity import desk_socket
from cockpit.client.desk_client import DeskClient, UnknownOutcome
from cockpit.client.operator import actor
from cockpit.model.amount_input import InvalidAmountError, parse_amount
from cockpit.model.formatting import exact
from cockpit.model.snapshot import Snapshot
from cockpit.processes.check_desk import DeskUnavailableError, looked_at
from venue.protocol.assets import BTC, EURE, Asset


@click.command("accept-remainder")
@click.option("--btc", default="", metavar="AMOUNT", help="What is unexplained of BTC, signed, whole tokens, as shown.")
@click.option("--eure", default="", metavar="AMOUNT", help="What is unexplained of EURe, signed, whole tokens.")
@click.option("--reason", default="", help="Where it came from, or why it does no harm; it goes into the journal.")
@click.option("--socket", type=click.Path(path_type=Path), help="The desk's socket; by default in the state directory.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings file that names the state directory; .env in this directory when it exists.",
)
def accept_remainder(btc: str, eure: str, reason: str, socket: Path | None, env_file: Path | None) -> None:
    """Make what nobody can explain a term of the proof of its own, so that the desk may be armed again.

    All of it must be named exactly as it is shown, with a reason; refused when it changed meanwhile, while it may yet
    explain itself, or when more is missing than REMAINDER_MAX_LOSS_EURE. Without amounts: say what is unexplained.
    """
    amounts = {asset.symbol: _units(asset, text) for asset, text in ((BTC, btc), (EURE, eure)) if text.strip()}
    if amounts and not reason.strip():
        raise click.UsageError("say why with --reason; it goes into the journal")
    where = socket or desk_socket(env_file or Path(".env"))
    sys.exit(asyncio.run(_accept(where, amounts, reason.strip()) if amounts else _show(where)))


async def _accept(socket: Path, amounts: dict[str, str], reason: str) -> int:
    """0 done, 1 refused or not asked, 3 unknown."""
    link = DeskClient(socket, actor=actor(), new_id=lambda: os.urandom(8).hex())
    try:
        outcome = await link.accept_remainder(amounts, reason)
    finally:
        await link.close()
    if isinstance(outcome, UnknownOutcome):
        told = "the desk may have done it" if outcome.sent else "the desk did not get it"
        click.echo(f"{outcome.command}: {outcome.reason}; {told}", err=True)
        return 3 if outcome.sent else 1
    click.echo(outcome.reason, err=not outcome.accepted)
    return 0 if outcome.accepted else 1


async def _show(socket: Path) -> int:
    """0 when nothing is unexplained, else 1."""
    try:
        return _say(await looked_at(socket, 0))
    except DeskUnavailableError as exc:
        click.echo(f"accept-remainder: {exc}", err=True)
        return 1


def _say(shot: Snapshot) -> int:
    rows = shot.inventory.rows
    if any(row.unexplained is None for row in rows):
        click.echo("the balances are not known yet", err=True)
        return 1
    options = " ".join(
        f"--{row.symbol.lower()}={exact(row.unexplained, signed=True).replace(',', '')}"
        for row in rows
        if row.unexplained
    )
    if not options:
        click.echo("nothing is unexplained")
        return 0
    click.echo(f"unexplained; to take it as given: cockpit accept-remainder {options} --reason '…'")
    return 1


def _units(asset: Asset, text: str) -> str:
    """Base units, signed; a usage error for what is no amount."""
    typed = text.strip()
    sign = "-" if typed.startswith("-") else ""
    try:
        return sign + str(parse_amount(typed.lstrip("+-"), asset.symbol, asset.decimals))
    except InvalidAmountError as exc:
        raise click.UsageError(str(exc)) from None
