"""The command palette under a live status bar, and what it offers beside the table of actions: the themes, by name."""

from collections.abc import Callable, Iterable
from functools import partial

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandPalette
from textual.widgets import Input

from panels.frame.status_bar import StatusBar
from panels.kit.messages import NO_COLOR_IS_SET, unavailable
from panels.kit.theme import PLAIN_NAME, WORDS
from panels.kit.view import View


class LiveCommandPalette(CommandPalette):
    """Textual's own, which would let the status bar below it stand still."""

    def compose(self) -> ComposeResult:
        """The status bar, and the palette."""
        yield StatusBar(id="status")
        yield from super().compose()

    def on_mount(self) -> None:
        """No blinking: it would paint twice a second."""
        self.query_one(Input).cursor_blink = False

    def offer(self, view: View) -> None:
        """Show the moment, unless it is not there yet or is being taken down."""
        status = self.query_one_optional(StatusBar)
        if status is not None:
            status.paint(view)


def theme_commands(shown: str, use: Callable[[str], object], *, plain_only: bool) -> Iterable[SystemCommand]:
    """A command a theme; the one that is ``shown`` says so, and under NO_COLOR those with colours say why not."""
    for name, words in WORDS.items():
        if plain_only and name != PLAIN_NAME:
            told = f"✗ {unavailable(NO_COLOR_IS_SET)}"
            name = PLAIN_NAME
        else:
            told = "In use" if name == shown else "Show the cockpit in it; COCKPIT_THEME keeps it"
        yield SystemCommand(f"Theme: {words}", told, partial(use, name))
