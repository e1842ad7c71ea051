"""`cockpit accept-remainder`: accept an unexplained balance difference, to the base unit."""

import asyncio
import sys
from pathlib import Path

import click

from cockpit.cli.common import DONE, REFUSED, ask_desk
from cockpit.cli.operate.chosen_desk import choose_desk, desk_options, require_desk
from cockpit.cli.operate.outcomes import print_json, print_outcome, print_problem
from cockpit.model.amount_input import parse_amount
from cockpit.model.errors import InvalidAmountError
from cockpit.model.formatting import exact
from cockpit.model.snapshot import Snapshot
from cockpit.processes.check_desk import read_snapshot
from cockpit.processes.echo import echo
from cockpit.processes.errors import DeskUnavailableError
from venue.protocol.tokens import TokenTable

NOTHING_UNEXPLAINED = "No difference is unexplained."
NO_BALANCES = "The balances are not known yet; try again in a few seconds."


@click.command("accept-remainder")
@click.option("--btc", default="", metavar="AMOUNT", help="Unexplained BTC in whole tokens, with its sign, as shown.")
@click.option("--eure", default="", metavar="AMOUNT", help="Unexplained EURe in whole tokens, with its sign.")
@click.option(
    "--amount",
    "others",
    multiple=True,
    metavar="SYMBOL=AMOUNT",
    help="The same of any other token, such as nBTC=+0.001; may be repeated.",
)
@click.option("--reason", default="", help="Where it came from, or why it does no harm; recorded in the journal.")
@desk_options
def accept_remainder(
    btc: str,
    eure: str,
    others: tuple[str, ...],
    reason: str,
    socket: Path | None,
    sandbox: bool,
    env_file: Path | None,
    as_json: bool,
) -> None:
    """Accept an unexplained balance difference.

    The desk can then be armed again. Name the whole difference exactly as shown, with a reason. Refused if it has
    changed, if it may still be explained, or if the loss exceeds REMAINDER_MAX_LOSS_EURE. Without amounts: print the
    difference.
    """
    typed = [f"{symbol}={text}" for symbol, text in (("BTC", btc), ("EURe", eure)) if text.strip()]
    desk = choose_desk(socket, sandbox, env_file)
    tokens = desk.tokens()
    amounts = dict(_amount(tokens, one) for one in (*typed, *others))
    if amounts and not reason.strip():
        raise click.UsageError("give a --reason; it is recorded in the journal")
    require_desk(desk.socket, as_json=as_json, sends=bool(amounts))
    if not amounts:
        sys.exit(_show(desk.socket, as_json))
    outcome = ask_desk(desk.socket, lambda link: link.accept_remainder(amounts, reason.strip()))
    sys.exit(print_outcome(outcome, as_json=as_json))


def _show(socket: Path, as_json: bool) -> int:
    try:
        return _print_difference(asyncio.run(read_snapshot(socket, 0)), as_json)
    except DeskUnavailableError as exc:
        print_problem(f"accept-remainder: {exc}", as_json=as_json)
        return REFUSED


def _print_difference(shot: Snapshot, as_json: bool) -> int:
    rows = shot.inventory.rows
    if any(row.unexplained is None for row in rows):
        print_problem(NO_BALANCES, as_json=as_json)
        return REFUSED
    found = {row.symbol: exact(row.unexplained, signed=True).replace(",", "") for row in rows if row.unexplained}
    if as_json:
        print_json({"unexplained": found})
        return REFUSED if found else DONE
    if not found:
        echo(NOTHING_UNEXPLAINED)
        return DONE
    options = " ".join(f"--amount {symbol}={amount}" for symbol, amount in found.items())
    echo(f"Unexplained difference; to accept it: cockpit accept-remainder {options} --reason '…'")
    return REFUSED


def _amount(tokens: TokenTable, given: str) -> tuple[str, str]:
    symbol, _, text = given.partition("=")
    token, typed = tokens.by_symbol(symbol.strip()), text.strip()
    if token is None or not typed:
        known = ", ".join(one.symbol for one in tokens.tokens)
        raise click.UsageError(f"--amount {given}: expected SYMBOL=AMOUNT with one of {known}")
    sign = "-" if typed.startswith("-") else ""
    try:
        return token.symbol, sign + str(parse_amount(typed.lstrip("+-"), token.symbol, token.decimals))
    except InvalidAmountError as exc:
        raise click.UsageError(str(exc)) from None
