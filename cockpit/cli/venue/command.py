"""`cockpit venue`: the sandbox venue alone."""

from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
import uvloop

from cockpit.cli.common import refuse, venue_options
from cockpit.cli.venue.announcement import announce
from cockpit.cli.venue.env_file import refuse_other
from cockpit.cli.venue.fault import fault, named_faults
from cockpit.cli.venue.options import flow_settings, held_tokens, opening_balances, tokens_of_file
from cockpit.cli.venue.play import play
from cockpit.cli.venue.replay import replay
from cockpit.cli.venue.settings import SETTING, list_settings, listed_or_refused, venue_settings
from cockpit.processes.echo import echo
from venue.sandbox.base.described import checked
from venue.sandbox.config import VenueConfig
from venue.sandbox.process import run
from venue.sandbox.scenario.errors import ScenarioError
from venue.sandbox.scenario.model import Scenario
from venue.sandbox.scenario.reading import load_scenario
from venue.sandbox.scenario.timeline import described
from venue.sandbox.serving.addresses import SERVICES

PEM = click.Path(exists=True, dir_okay=False, resolve_path=True)


@click.group(invoke_without_command=True)
@venue_options
@click.option("--no-rivals", is_flag=True, help="No other makers, as --rivals none.")
@click.option(
    "--settle-s",
    metavar="SECONDS",
    type=click.FloatRange(0, 600),
    nargs=2,
    help="Shortest and longest time from publishing to settlement; 0.8 2 by default.",
)
@click.option(
    "--deposit-btc",
    metavar="SATOSHI",
    type=click.IntRange(0),
    help="The maker's first deposit; 1000000 by default.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    help="Where to listen; 127.0.0.1 by default. Whoever reaches another address controls the sandbox.",
)
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65_526),
    help=f"First of {len(SERVICES)} consecutive ports: {', '.join(SERVICES)}. 0 by default, for free ones.",
)
@click.option(
    "--tls", is_flag=True, default=None, help="Serve https and wss alone, with a certificate made at the start."
)
@click.option("--tls-cert", type=PEM, help="Serve https and wss with this certificate instead; needs --tls-key.")
@click.option("--tls-key", type=PEM, help="The certificate's private key, in PEM without a password.")
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
@click.option("--check", is_flag=True, help="With --scenario: say what it would do, and start nothing.")
@click.option(
    "--write-env",
    "env_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the .env lines to this file (mode 0600) instead of printing them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON once it is ready: URLs and accounts.")
@click.pass_context
def venue(
    context: click.Context,
    /,
    env_file: Path | None,
    as_json: bool,
    markets: str | None,
    balances: tuple[str, ...],
    settings: tuple[str, ...],
    rivals: str | None,
    no_rivals: bool,
    dry: float | None,
    faults: tuple[str, ...],
    record: str | None,
    scenario: str | None,
    check: bool,
    **flags: Any,
) -> None:
    """Run the sandbox venue alone.

    Prints its addresses and a funded maker's credentials as .env lines. SIGTERM or SIGINT ends it.
    """
    if context.invoked_subcommand is not None:
        return
    if settings and listed_or_refused(settings):
        return

    try:
        tokens = tokens_of_file(markets)
        played = None if scenario is None else load_scenario(scenario, tokens)
        if check:
            _describe(played)
            return
        if env_file is not None:
            refuse_other(env_file)
        options = {name: value for name, value in flags.items() if value not in (None, ())}
        options |= flow_settings(rivals, no_rivals=no_rivals, dry=dry, takers=flags["takers"])
        given = {} if played is None else played.settings()
        given |= checked(VenueConfig, options, SETTING) | venue_settings(settings)
        names = given.get("pairs")
        held = held_tokens(tokens, names if isinstance(names, tuple) else ())
        given["maker_balances"] = {**given.get("maker_balances", {}), **opening_balances(balances, held)}
        given["tokens"] = tokens
        config = msgspec.convert(given, VenueConfig)
        announced = partial(announce, host=config.host, env_file=env_file, as_json=as_json)
        log = None if record is None else Path(record)
        uvloop.run(run(config, announced, named_faults(faults), record=log, scenario=played))
    except ScenarioError as exc:
        refuse(exc.problems)
    except (OSError, ValueError) as exc:
        raise click.ClickException(f"cannot run the venue: {exc}") from None


venue.add_command(fault)
venue.add_command(list_settings)
venue.add_command(play)
venue.add_command(replay)


def _describe(scenario: Scenario | None) -> None:
    if scenario is None:
        raise click.UsageError("--check says what a scenario would do: name one with --scenario")
    for line in described(scenario):
        echo(line)
