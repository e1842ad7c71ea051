"""`cockpit venue`: the sandbox venue alone."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from cockpit.cli.common import venue_options
from cockpit.cli.venue.env_file import refuse_other, write_env
from cockpit.cli.venue.fault import fault, named_faults
from cockpit.cli.venue.options import opening_balances, tokens_of_file
from cockpit.cli.venue.settings import list_settings, listed_or_refused, venue_settings
from cockpit.processes.echo import echo
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.guests import Guest
from venue.sandbox.server import run


@click.group(invoke_without_command=True)
@venue_options
@click.option("--rivals/--no-rivals", default=None, help="Whether other makers quote too; they do by default.")
@click.option(
    "--settle-s",
    type=click.FloatRange(0, 600),
    nargs=2,
    help="Shortest and longest time from publishing to settlement, seconds.",
)
@click.option("--deposit-btc", type=click.IntRange(0), help="The maker's first deposit in satoshi; 0 for none.")
@click.option("--port", type=click.IntRange(0, 65_526), help="First of ten consecutive ports; 0 picks free ones.")
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="Open another funded account and print its key too; may be repeated.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Start with this fault, such as near_a=429; may be repeated.",
)
@click.option(
    "--write-env",
    "env_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the .env lines to this file (mode 0600) instead of printing them.",
)
@click.pass_context
def venue(
    context: click.Context,
    /,
    env_file: Path | None,
    markets: str | None,
    balances: tuple[str, ...],
    settings: tuple[str, ...],
    faults: tuple[str, ...],
    record: str | None,
    **flags: Any,
) -> None:
    """Run the sandbox venue alone.

    Prints its addresses and a funded maker's credentials as .env lines. SIGTERM or SIGINT ends it.
    """
    if context.invoked_subcommand is not None:
        return
    if settings and listed_or_refused(settings):
        return

    def announce(env: Mapping[str, str], guests: Sequence[Guest]) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in env.items()) + "".join(map(_guest_lines, guests))
        if env_file is None:
            echo(lines, nl=False)
            return
        write_env(env_file, lines)

    try:
        if env_file is not None:
            refuse_other(env_file)
        given = {name: value for name, value in flags.items() if value is not None} | venue_settings(settings)
        tokens = tokens_of_file(markets)
        given |= {"maker_balances": opening_balances(balances, tokens), "tokens": tokens}
        config = msgspec.convert(given, VenueConfig)
        asyncio.run(run(config, announce, named_faults(faults), record=Path(record) if record else None))
    except (OSError, ValueError) as exc:
        raise click.ClickException(f"cannot run the venue: {exc}") from None


venue.add_command(fault)
venue.add_command(list_settings)


def _guest_lines(guest: Guest) -> str:
    # Comments: a file of settings names one account.
    return (
        "# another account, instead of the one above:\n"
        f"# NEAR_INTENTS_ACCOUNT_ID={guest.account}\n# NEAR_INTENTS_SIGNER_PRIVATE_KEY={guest.private_key}\n"
    )
