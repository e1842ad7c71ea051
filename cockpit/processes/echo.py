"""The one place where commands print: nothing that they read can act on the terminal."""

import os
from collections.abc import Mapping

import click

from cockpit.model.printable import printable, printable_json


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text of one or several lines."""
    click.echo(printable(text, lines=True), err=err, nl=nl)


def echo_marked(text: str, colours: Mapping[str, str]) -> None:
    """Print lines, each that starts with one of the marks with that mark in its colour, where there are colours."""
    if os.environ.get("TERM") == "dumb" or os.environ.get("NO_COLOR"):
        colours = {}
    for line in printable(text, lines=True).splitlines():
        colour = colours.get(line[:1])
        click.echo(line if colour is None else click.style(line[0], fg=colour) + line[1:])


def echo_json(text: str) -> None:
    """Print JSON that stays the same JSON."""
    click.echo(printable_json(text))
