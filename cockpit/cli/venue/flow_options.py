"""The options of who trades on the sandbox and at what price."""

from collections.abc import Callable
from typing import Any

import click

from cockpit.cli.operate.file_names import a_market


def _mix(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    from venue.sandbox.mixes import parse_mix

    return _checked(value, parse_mix)


def _pairs(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    from venue.sandbox.pairs import find_pairs

    return _checked(value, lambda names: find_pairs(names.split(",")))


def _checked(value: str | None, parse: Callable[[str], object]) -> str | None:
    if value is not None:
        try:
            parse(value)
        except ValueError as exc:
            raise click.BadParameter(str(exc)) from None
    return value


def flow_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--market",
            metavar="NAME|FILE",
            shell_complete=a_market,
            help="A generated market, calm, normal or jumpy, or a CSV of bars, instead of the usual random walk.",
        ),
        click.option(
            "--takers",
            metavar="NAME|KIND=SHARE,…",
            callback=_mix,
            help="Who takes: today, benign, mixed, toxic, probed, or a share for each kind; today by default.",
        ),
        click.option(
            "--dry",
            metavar="SHARE",
            type=click.FloatRange(0, 1),
            help="Share of price checks in all requests, 0.2 by default; with other takers than today's, share of the "
            "probes that say they are one, 0.5 by default.",
        ),
        click.option(
            "--rivals",
            type=click.Choice(("today", "adaptive", "static", "none")),
            help="Other makers: three, a fourth that follows the volatility, three of constant width, or none.",
        ),
        click.option(
            "--partners",
            type=click.Choice(("differ", "alike")),
            help="Whether each kind of taker asks through partners of its own; differ by default.",
        ),
        click.option(
            "--one-sided",
            metavar="SHARE",
            type=click.FloatRange(0, 1),
            help="Share of the requests for the markets that sell BTC; 0.5 by default.",
        ),
        click.option(
            "--long-lives",
            metavar="SHARE",
            type=click.FloatRange(0, 1),
            help="Share of the requests for an exact amount out that ask for 5 to 20 minutes; 0 by default.",
        ),
        click.option(
            "--pairs",
            metavar="NAME,…",
            callback=_pairs,
            help="Pairs that the requests for other pairs are for, with rivals and traders who hold their tokens.",
        ),
    ):
        command = option(command)
    return command
