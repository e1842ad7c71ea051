"""The command palette under a live status bar, and its commands for the themes."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from textual.app import ComposeResult, SystemCommand
from textual.command import Command, CommandList, CommandPalette
from textual.markup import escape
from textual.widgets import Input

from panels.dialogs import messages
from panels.dialogs.dimmed import DimmedLines, dimmed_behind
from panels.frame.status_bar import StatusBar
from panels.kit.actions import Action
from panels.kit.keymap import displayed
from panels.kit.messages import NO_COLOR_IS_SET, unavailable
from panels.kit.theme import DISPLAY_NAMES, PLAIN_NAME
from panels.kit.view import View


def named(text: str, commands: Iterable[SystemCommand]) -> list[SystemCommand]:
    """Return the commands that a text may mean: the one of that name, or else all whose names hold it."""
    wanted = " ".join(text.split()).casefold()
    holding = [command for command in commands if wanted and wanted in command.title.casefold()]
    return [command for command in holding if command.title.casefold() == wanted] or holding


class LiveCommandPalette(CommandPalette):
    """A palette above which the status bar goes on, and whose Enter never runs what its text did not ask for.

    Textual's own runs what is lit, which is of an older text until the search for the newest one is done.
    """

    def __init__(self, *values: Any, **named_values: Any) -> None:
        super().__init__(*values, **named_values)
        self._behind = DimmedLines()

    def compose(self) -> ComposeResult:
        yield StatusBar(id="status")
        yield from super().compose()

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False  # It would paint twice a second.

    def render(self) -> Any:
        return dimmed_behind(super().render(), self.app.theme, self._behind)

    def draw_behind(self) -> None:
        """Draw what is behind again: it was painted."""
        self._behind.forget()
        self.refresh()

    @property
    def searching(self) -> bool:
        """Return whether the list is not yet that of the text."""
        return any(worker.node is self and not worker.is_finished for worker in self.workers)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        listed = self.query_one(CommandList)
        lit = listed.highlighted_option
        if self.searching:
            run: Callable[[], object] = self.run_named
        elif isinstance(lit, Command):
            # Textual's own paints nothing for a twentieth of a second first.
            run = partial(self.carry_out, lit.hit.command)
        else:
            return
        event.prevent_default()
        event.stop()
        run()

    def carry_out(self, command: Callable[[], object]) -> None:
        """Close the palette and run the command."""
        self.dismiss()
        self.app.call_later(command)

    def run_named(self) -> None:
        """Run the one command that the text names, whatever is listed; with more or none, say so."""
        text = self.query_one(Input).value
        found: Sequence[SystemCommand] = named(text, self.app.get_system_commands(self.app.screen_stack[0]))
        if len(found) == 1:
            self.carry_out(found[0].callback)
        else:
            self.answer(messages.names_commands(text, len(found)))

    def answer(self, text: str) -> None:
        """Say something on the upper edge of the line; empty: nothing any more."""
        self.query_one("#--input").border_title = escape(text)

    def on_input_changed(self) -> None:
        self.answer("")

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
