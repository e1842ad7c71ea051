"""What the command palette offers beside the table of actions: the themes, by name."""

from collections.abc import Callable, Iterable
from functools import partial

from textual.app import SystemCommand

from cockpit.theme import PLAIN_NAME, WORDS


def theme_commands(shown: str, use: Callable[[str], object], *, plain_only: bool) -> Iterable[SystemCommand]:
    """A command a theme; the one that is ``shown`` says so, and under NO_COLOR those with colours say why not."""
    for name, words in WORDS.items():
        if plain_only and name != PLAIN_NAME:
            told = "✗ not now: the environment says NO_COLOR"
            name = PLAIN_NAME
        else:
            told = "In use" if name == shown else "Show the cockpit in it; COCKPIT_THEME keeps it"
        yield SystemCommand(f"Theme: {words}", told, partial(use, name))
