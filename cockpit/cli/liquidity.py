"""`cockpit liquidity`: money in and out from the command line, through the running desk and the same gates."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from cockpit.client.desk_client import DeskClient, UnknownOutcome
from cockpit.client.operator import actor
from cockpit.model.amount_input import InvalidAmountError, parse_amount
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from venue.protocol.assets import BTC, EURE

ASSET = click.Choice([BTC.symbol, EURE.symbol])


@click.group()
@click.option("--socket", type=click.Path(path_type=Path), help="The desk's socket; by default in the state directory.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Settings file that names the state directory; .env in this directory when it exists.",
)
@click.pass_context
def liquidity(context: click.Context, socket: Path | None, env_file: Path | None) -> None:
    """Deposits and withdrawals of the running desk."""
    context.obj = socket or desk_socket(env_file or Path(".env"))


@liquidity.command()
@click.argument("asset", type=ASSET)
@click.argument("amount")
@click.option("--to", "destination", default="", help="Destination; the configured one when it is left out.")
@click.pass_obj
def estimate(socket: Path, asset: str, amount: str, destination: str) -> None:
    """Say what a withdrawal of AMOUNT (whole tokens) would cost and bring; the address begins to cool."""
    order = WithdrawalOrder(asset_id=asset, amount=_units(asset, amount), destination_address=destination)
    _run(socket, lambda link: link.review(order))


@liquidity.command()
@click.argument("asset", type=ASSET)
@click.argument("amount")
@click.option("--to", "destination", default="", help="Destination; the configured one when it is left out.")
@click.option("--key", required=True, help="Idempotency key: the same key never withdraws twice.")
@click.option("--fee", default=None, help="The bridge's fee that was reviewed, whole tokens; another one refuses.")
@click.pass_obj
def withdraw(socket: Path, asset: str, amount: str, destination: str, key: str, fee: str | None) -> None:
    """Withdraw AMOUNT (whole tokens, the bridge's fee among them)."""
    order = WithdrawalOrder(
        asset_id=asset,
        amount=_units(asset, amount),
        destination_address=destination,
        idempotency_key=key,
        expected_fee=None if fee is None else _units(asset, fee),
    )
    _run(socket, lambda link: link.withdraw(order))


@liquidity.command()
@click.argument("near_hash")
@click.argument("asset", type=ASSET)
@click.argument("amount")
@click.pass_obj
def track(socket: Path, near_hash: str, asset: str, amount: str) -> None:
    """Follow a withdrawal made elsewhere by the NEAR hash of its burn."""
    order = WithdrawalOrder(asset_id=asset, amount=_units(asset, amount))
    _run(socket, lambda link: link.track(order, near_hash))


@liquidity.command()
@click.pass_obj
def freeze(socket: Path) -> None:
    """Refuse withdrawals from now on."""
    _run(socket, lambda link: link.freeze(True))


@liquidity.command()
@click.pass_obj
def unfreeze(socket: Path) -> None:
    """Let one withdrawal through, or ten minutes pass."""
    _run(socket, lambda link: link.freeze(False))


@liquidity.command()
@click.argument("asset", type=ASSET)
@click.argument("tx_hash")
@click.pass_obj
def notify(socket: Path, asset: str, tx_hash: str) -> None:
    """Tell the bridge of a deposit by its transaction on its own chain."""
    _run(socket, lambda link: link.notify_deposit(asset, tx_hash))


@liquidity.command("register-key")
@click.confirmation_option(prompt="Register the desk's signing key on the Verifier? It may then sign withdrawals too.")
@click.pass_obj
def register_key(socket: Path) -> None:
    """Register the desk's signing key, when it is a full-access key of the account."""
    _run(socket, lambda link: link.register_key())


def desk_socket(env_file: Path) -> Path:
    """Where the desk of these settings listens; the environment wins over the file."""
    from cockpit.config.env_file import read_env_file
    from cockpit.config.settings import SOCKET_NAME, default_state_dir

    file = read_env_file(env_file, {"COCKPIT_STATE_DIR"})
    for problem in file.problems:
        click.echo(problem, err=True)
    if file.values is None:
        sys.exit(2)
    return default_state_dir({**file.values, **os.environ}) / SOCKET_NAME


def _units(symbol: str, amount: str) -> str:
    asset = BTC if symbol == BTC.symbol else EURE
    try:
        return str(parse_amount(amount, asset.symbol, asset.decimals))
    except InvalidAmountError as exc:
        raise click.UsageError(str(exc)) from None


def _run(socket: Path, ask: Callable[[DeskClient], Awaitable[Any]]) -> None:
    """Ask, say what became of it, and exit: 0 done, 1 refused, 3 unknown."""

    async def asked() -> Any:
        link = DeskClient(socket, actor=actor(), new_id=lambda: os.urandom(8).hex())
        try:
            return await ask(link)
        finally:
            await link.close()

    answer = asyncio.run(asked())
    if isinstance(answer, WithdrawalReview):
        click.echo(_review(answer))
        sys.exit(1 if answer.refusals else 0)
    if isinstance(answer, UnknownOutcome):
        told = "the desk may have done it; ask again with the same key" if answer.sent else "nothing was asked"
        click.echo(f"{answer.command}: {answer.reason}; {told}", err=True)
        sys.exit(3 if answer.sent else 1)
    click.echo(answer.reason, err=not answer.accepted)
    sys.exit(0 if answer.accepted else 1)


def _review(review: WithdrawalReview) -> str:
    lines = [
        f"to        {review.destination} ({review.chain})",
        f"burned    {review.amount} {review.symbol}",
        f"fee       {review.fee} {review.symbol}",
        f"arrives   {review.arrives} {review.symbol}",
        f"minimum   {review.minimum} {review.symbol}",
        f"balance   {review.balance} {review.symbol}, spendable {review.spendable}, after {review.spendable_after}",
        f"promised  {review.alive_promised} {review.symbol} by {review.alive_quotes} live quotes",
        f"route     {review.route}",
    ]
    lines += [f"refused:  {reason}" for reason in review.refusals]
    return "\n".join(lines)
