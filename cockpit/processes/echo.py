"""The one place where commands print: nothing that they read can act on the terminal."""

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Literal, TextIO

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


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8")


@contextlib.contextmanager
def whole_streams() -> Iterator[None]:
    """Run a command with three standard streams, whichever of them were closed, and end without a word about stdout.

    In place of a closed one another file would get its number, and what is printed would go into that. What could not
    be written was said by the command; the interpreter would try, and say it, once more.
    """
    # Each gets the lowest number that is free, which is the one that was closed.
    if sys.stdin is None:
        sys.stdin = _nowhere("r")
    if sys.stdout is None:
        sys.stdout = _nowhere("w")
    if sys.stderr is None:
        sys.stderr = _nowhere("w")
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            sys.stdout = _nowhere("w")
