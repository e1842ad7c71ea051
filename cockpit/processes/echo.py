"""The one place where commands print: nothing that they read can act on the terminal."""

import click

from cockpit.model.printable import printable, printable_json


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a text of one or several lines."""
    click.echo(printable(text, lines=True), err=err, nl=nl)


def echo_json(text: str) -> None:
    """Print JSON that stays the same JSON."""
    click.echo(printable_json(text))
