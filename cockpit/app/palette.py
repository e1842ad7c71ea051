"""The command palette under a live status bar, and its commands for the themes."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandPalette
from textual.markup import escape
from textual.widgets import Input

from panels.dialogs.dimmed import DimmedLines, dimmed_behind
from panels.frame.status_bar import StatusBar
from panels.kit.actions import Action
from panels.kit.keymap import displayed
from panels.kit.messages import NO_COLOR_IS_SET, unavailable
from panels.kit.theme import DISPLAY_NAMES, PLAIN_NAME
from panels.kit.view import View


class LiveCommandPalette(CommandPalette):
    """Textual's own would let the status bar below it stand still."""

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield from super().compose()

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False  # It would paint twice a second.

    def render(self) -> Any:
        return dimmed_behind(super().render(), self.app.theme, DimmedLines())

    def offer(self, view: View) -> None:
        """Paint the view, unless the palette is not mounted yet or is being taken down."""
        status = self.query_one_optional(StatusBar)
        if status is not None:
            status.paint(view)


def action_commands(
    actions: Iterable[Action], reason_of: Callable[[str], str], run: Callable[[str], object]
) -> Iterable[SystemCommand]:
    """Yield a command per action, with its keys; an unavailable one says why. The palette reads both as markup."""
    for action in actions:
        if action.palette:
            reason = reason_of(action.id)
            text = f"✗ {unavailable(reason)}" if reason else f"{action.help} · {displayed(action)}"
            yield SystemCommand(action.name, escape(text), partial(run, action.action))


def theme_commands(shown: str, use: Callable[[str], object], *, plain_only: bool) -> Iterable[SystemCommand]:
    """Yield a command per theme; under NO_COLOR those with colours show why they are unavailable."""
    for name, words in DISPLAY_NAMES.items():
        if plain_only and name != PLAIN_NAME:
            text = f"✗ {unavailable(NO_COLOR_IS_SET)}"
            name = PLAIN_NAME
        else:
            text = "In use" if name == shown else "Switch to it; remembered unless COCKPIT_THEME is set"
        yield SystemCommand(f"Theme: {words}", text, partial(use, name))
