"""`cockpit liquidity`: deposits and withdrawals through the running desk, with the cockpit's preflight checks."""

import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import click

from cockpit.cli.common import DONE, REFUSED, UNKNOWN, ask_desk
from cockpit.cli.messages import SAME_KEY
from cockpit.cli.operate.chosen_desk import choose_desk, desk_options, require_desk
from cockpit.cli.operate.outcomes import newest, print_json, print_outcome
from cockpit.client.desk_client import DeskClient, Reviewed
from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from cockpit.model.errors import InvalidAmountError
from cockpit.model.formatting import counted, exact, number
from cockpit.model.snapshot import Snapshot
from cockpit.processes.echo import echo
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

NEAR_DECIMALS = 24
NO_ADDRESSES = "the bridge has returned no deposit address yet; try again in a moment"


class _Desk(NamedTuple):
    """The desk that is asked, the tokens that it may be asked about, and whether the answer is printed as JSON."""

    socket: Path
    tokens: TokenTable
    as_json: bool

    def token(self, symbol: str) -> Token:
        found = self.tokens.by_symbol(symbol)
        if found is None:
            known = ", ".join(token.symbol for token in self.tokens.tokens)
            raise click.UsageError(f"there is no token {symbol}; choose one of {known}")
        return found

    def units(self, symbol: str, amount: str) -> str:
        token = self.token(symbol)
        return _units(amount, token.symbol, token.decimals)


DESTINATION = click.option(
    "--to", "destination", metavar="ADDRESS", default="", help="Destination address; the configured one by default."
)


@click.group()
@desk_options
@click.pass_context
def liquidity(context: click.Context, socket: Path | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Deposits and withdrawals of the running desk.

    ASSET is a token's symbol, such as BTC, nBTC or EURe. The options stand before the subcommand.
    """
    desk = choose_desk(socket, sandbox, env_file)
    context.obj = _Desk(desk.socket, desk.tokens(), as_json)


@liquidity.command()
@click.argument("asset")
@click.argument("amount")
@DESTINATION
@click.pass_obj
def estimate(desk: _Desk, asset: str, amount: str, destination: str) -> None:
    """Review a withdrawal: fee, amount received, refusals.

    AMOUNT is in whole tokens. Reviewing a new address starts its cooling-off.
    """
    order = WithdrawalOrder(
        asset_id=desk.token(asset).symbol, amount=desk.units(asset, amount), destination_address=destination
    )
    _run(desk, lambda link: link.review(order))


@liquidity.command()
@click.argument("asset")
@click.argument("amount")
@DESTINATION
@click.option("--key", metavar="KEY", required=True, help="Idempotency key; the same key never withdraws twice.")
@click.option(
    "--fee",
    metavar="AMOUNT",
    default=None,
    help="The bridge fee you reviewed, whole tokens; another one is refused. Needed above 5 % of AMOUNT.",
)
@click.option(
    "--native-fee", metavar="NEAR", default=None, help="What you reviewed beside it, NEAR; nothing by default."
)
@click.pass_obj
def withdraw(
    desk: _Desk, asset: str, amount: str, destination: str, key: str, fee: str | None, native_fee: str | None
) -> None:
    """Withdraw AMOUNT (whole tokens, bridge fee included)."""
    order = WithdrawalOrder(
        asset_id=desk.token(asset).symbol,
        amount=desk.units(asset, amount),
        destination_address=destination,
        idempotency_key=key,
        expected_fee=None if fee is None else desk.units(asset, fee),
        expected_native_fee=None if native_fee is None else _units(native_fee, "NEAR", NEAR_DECIMALS),
    )
    _run(desk, lambda link: link.withdraw(order))


@liquidity.command()
@click.argument("near_hash")
@click.argument("asset")
@click.argument("amount")
@click.pass_obj
def track(desk: _Desk, near_hash: str, asset: str, amount: str) -> None:
    """Track a withdrawal made elsewhere.

    NEAR_HASH is the NEAR transaction that took the amount from the Verifier. It explains no balance until NEAR or the
    bridge shows that the amount left this account.
    """
    order = WithdrawalOrder(asset_id=desk.token(asset).symbol, amount=desk.units(asset, amount))
    _run(desk, lambda link: link.track(order, near_hash))


@liquidity.command()
@click.argument("near_hash")
@click.pass_obj
def untrack(desk: _Desk, near_hash: str) -> None:
    """Stop following a withdrawal made elsewhere.

    NEAR_HASH is the hash under which it is tracked, mistyped or not. It then explains nothing and holds up nothing.
    """
    _run(desk, lambda link: link.untrack(near_hash))


@liquidity.command()
@click.pass_obj
def freeze(desk: _Desk) -> None:
    """Refuse withdrawals from now on."""
    _run(desk, lambda link: link.freeze(True))


@liquidity.command()
@click.pass_obj
def unfreeze(desk: _Desk) -> None:
    """Allow one withdrawal within the next ten minutes."""
    _run(desk, lambda link: link.freeze(False))


@liquidity.command()
@click.pass_obj
def deposit(desk: _Desk) -> None:
    """Show where to deposit, and which token a deposit may become."""
    require_desk(desk.socket, as_json=desk.as_json, sends=False)
    sys.exit(ask_desk(desk.socket, lambda link: _show_addresses(link, desk.as_json)))


@liquidity.command()
@click.argument("asset")
@click.argument("tx_hash")
@click.pass_obj
def notify(desk: _Desk, asset: str, tx_hash: str) -> None:
    """Report a deposit's transaction to the bridge.

    TX_HASH is the deposit's transaction on its own chain.
    """
    _run(desk, lambda link: link.notify_deposit(desk.token(asset).symbol, tx_hash))


@liquidity.command("register-key")
@click.confirmation_option(
    prompt="Register the desk's signing key on the Verifier? It can then also sign withdrawals.",
    help="Do not ask.",
)
@click.pass_obj
def register_key(desk: _Desk) -> None:
    """Register the desk's signing key with the Verifier.

    It must be a full-access key of the account.
    """
    _run(desk, lambda link: link.register_key())


async def _show_addresses(link: DeskClient, as_json: bool) -> int:
    shot = await newest(link, as_json=as_json)
    if shot is None:
        return UNKNOWN
    if as_json:
        print_json({"addresses": shot.deposit_addresses, "warnings": shot.fund_warnings})
    else:
        echo(deposit_text(shot))
    return DONE if shot.deposit_addresses else REFUSED


def deposit_text(shot: Snapshot) -> str:
    """Return each address with the tokens that a deposit there may become, and what is known of it."""
    lines = []
    for row in shot.deposit_addresses:
        lines.append(f"{row.symbol} on {row.chain}: {row.address}" + (f", memo {row.memo}" if row.memo else ""))
        for credit in row.credits:
            least = "unknown" if credit.minimum is None else f"{exact(credit.minimum)} {credit.symbol}"
            lines.append(f"  may become {credit.symbol}: minimum {least}; own deposits so far: {credit.deposits}")
        lines += [f"  {row.note}"] if row.note else []
    return "\n".join([*(lines or [NO_ADDRESSES]), *(f"! {text}" for text in shot.fund_warnings)])


def _units(amount: str, symbol: str, decimals: int) -> str:
    try:
        return str(parse_amount(amount, symbol, decimals))
    except InvalidAmountError as exc:
        raise click.UsageError(str(exc)) from None


def _run(desk: _Desk, ask: Callable[[DeskClient], Awaitable[Reviewed]]) -> None:
    require_desk(desk.socket, as_json=desk.as_json)
    answer = ask_desk(desk.socket, ask)
    if isinstance(answer, WithdrawalReview):
        if desk.as_json:
            print_json(answer)
        else:
            echo(review_text(answer))
        sys.exit(REFUSED if answer.refusals else DONE)
    sys.exit(print_outcome(answer, as_json=desk.as_json, next_step=SAME_KEY))


def review_text(review: WithdrawalReview) -> str:
    """Return the review, a fact a line; amounts exact and as they are typed."""
    symbol = review.symbol
    worth = "unknown" if review.amount_eur is None else f"{number(review.amount_eur, 2)} EUR"
    lines = [
        f"to         {review.destination} ({review.chain})",
        f"withdraw   {_digits(review.amount)} {symbol} (leaves the Verifier)",
        f"worth      {worth}",
        f"fee        {_digits(review.fee)} {symbol}",
        *_omni(review),
        f"arrives    {_digits(review.arrives)} {symbol}",
        f"minimum    {_digits(review.minimum)} {symbol}",
        f"balance    {_digits(review.balance)} {symbol}; {_digits(review.spendable)} available, "
        f"{_digits(review.spendable_after)} afterwards",
        f"committed  {_committed(review)}",
        f"route      {review.route}",
    ]
    lines += [f"refused:   {reason}" for reason in review.refusals]
    return "\n".join(lines)


def _digits(value: Decimal | None) -> str:
    return exact(value).replace(",", "")


def _omni(review: WithdrawalReview) -> list[str]:
    if review.bridge != "omni" or review.gas_fee is None:
        return []
    symbol = review.symbol
    gas, protocol = exact(review.gas_fee), exact(review.protocol_fee)
    return [
        f"           {gas} {symbol} gas at most, {protocol} {symbol} protocol fee",
        f"and        {exact(review.native_fee)} NEAR, paid from wNEAR on the Verifier",
        "no refund  by the Omni bridge; a transfer that fails after it left is not credited back",
    ]


def _committed(review: WithdrawalReview) -> str:
    if not review.alive_quotes:
        return f"no live quote gives {review.symbol}"
    return f"{_digits(review.alive_promised)} {review.symbol} to {counted(review.alive_quotes, 'live quote')}"
