"""`cockpit venue`: the sandbox venue alone."""

import asyncio
import hashlib
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
import msgspec

from cockpit.cli.common import venue_options
from cockpit.cli.venue_fault import fault, named_faults
from cockpit.processes.echo import echo
from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.guests import Guest
from venue.sandbox.server import run

MARK = "# Written by cockpit venue, which replaces it while it is unchanged. sha256="
NOT_A_VENUES = "{path} exists and is not an unchanged file of a venue; name another file, or remove it"
MAX_ENV_BYTES = 1 << 16


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
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the .env lines to this file (mode 0600) instead of printing them.",
)
@click.pass_context
def venue(
    context: click.Context,
    /,
    write_env: Path | None,
    markets: str | None,
    balances: tuple[str, ...],
    settings: tuple[str, ...],
    faults: tuple[str, ...],
    **flags: Any,
) -> None:
    """Run the sandbox venue alone.

    Prints its addresses and a funded maker's credentials as .env lines. SIGTERM or SIGINT ends it.
    """
    if context.invoked_subcommand is not None:
        return

    def announce(env: Mapping[str, str], guests: Sequence[Guest]) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in env.items()) + "".join(map(_guest_lines, guests))
        if write_env is None:
            echo(lines, nl=False)
            return
        _write(write_env, lines)

    try:
        if write_env is not None:
            _refuse_other(write_env)
        given = {name: value for name, value in flags.items() if value is not None} | _settings(settings)
        tokens = _tokens(markets)
        given |= {"maker_balances": _balances(balances, tokens), "tokens": tokens}
        config = msgspec.convert(given, VenueConfig, strict=False)
        asyncio.run(run(config, announce, named_faults(faults)))
    except (OSError, ValueError) as exc:
        raise click.ClickException(f"cannot run the venue: {exc}") from None


venue.add_command(fault)


def _guest_lines(guest: Guest) -> str:
    # Comments: a file of settings names one account.
    return (
        "# another account, instead of the one above:\n"
        f"# NEAR_INTENTS_ACCOUNT_ID={guest.account}\n# NEAR_INTENTS_SIGNER_PRIVATE_KEY={guest.private_key}\n"
    )


def _write(path: Path, lines: str) -> None:
    """Write the lines, mode 0600, completely or not at all, over no file but one that a venue wrote. Raises OSError."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(lines + _mark(lines))
        _refuse_other(path)
        if path.exists():
            part.replace(path)
        else:
            os.link(part, path)  # Unlike a rename, this fails when a file has appeared.
    finally:
        part.unlink(missing_ok=True)


def _mark(lines: str) -> str:
    return f"{MARK}{hashlib.sha256(lines.encode()).hexdigest()[:16]}\n"


def _refuse_other(path: Path) -> None:
    # A file that a venue wrote and nobody changed may be replaced: any other may hold the only copy of a key.
    try:
        found = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    except OSError:
        raise FileExistsError(NOT_A_VENUES.format(path=path)) from None
    try:
        content = os.read(found, MAX_ENV_BYTES).decode("utf-8", "replace")
    except OSError:
        raise FileExistsError(NOT_A_VENUES.format(path=path)) from None
    finally:
        os.close(found)
    lines, mark, _ = content.rpartition(MARK)
    if content != lines + _mark(lines) or not mark:
        raise FileExistsError(NOT_A_VENUES.format(path=path))


def _tokens(markets: str | None) -> TokenTable:
    # Raises ValueError for a file that cannot be used, or that is for another stage.
    if markets is None:
        return DEFAULT_TOKENS
    from cockpit.config.markets import load_markets

    loaded, problems = load_markets(markets, {}, "")
    if problems:
        raise ValueError("; ".join(problems))
    if not loaded.stage.built_in:
        raise ValueError(f"{markets}: [stage] names real services; a sandbox plays its own, remove the section")
    return loaded.tokens


def _balances(balances: tuple[str, ...], tokens: TokenTable) -> dict[str, int]:
    # ``SYMBOL=AMOUNT`` pairs in base units, by symbol. Raises ValueError for anything else.
    found = {}
    for balance in balances:
        symbol, _, amount = balance.partition("=")
        token = tokens.by_symbol(symbol)
        if token is None:
            raise ValueError(f"--balance {balance}: expected SYMBOL=AMOUNT with a token of the venue, such as BTC=0.2")
        try:
            found[token.symbol] = token.to_units(Decimal(amount))
        except InvalidOperation:
            raise ValueError(f"--balance {balance}: {amount!r} is not an amount") from None
    return found


def _settings(settings: tuple[str, ...]) -> dict[str, str]:
    # ``name=value`` pairs by name. Raises ValueError for anything else, and for a name that no venue setting has.
    pairs = [setting.split("=", 1) for setting in settings]
    for pair in pairs:
        if len(pair) != 2:
            raise ValueError(f"--set {pair[0]}: expected NAME=VALUE, such as index_after_s=1")
        if pair[0] not in VenueConfig.__struct_fields__:
            raise ValueError(f"--set {'='.join(pair)}: unknown venue setting")
    return dict(pairs)
