"""A dialogue that asks the desk for one thing."""

from collections.abc import Callable

from textual.widgets.button import ButtonVariant

from cockpit.model.commands import Result
from panels.dialogs.command_dialog import Choice, CommandDialog
from panels.dialogs.dialog import Answer
from panels.kit.view import View

Ask = Callable[[str, Answer], str]
"""Sends the command under the given id, under a new one when that is empty; gives the id."""


class SingleCommandDialog(CommandDialog[Result]):
    """Dismissed with the desk's answer once it did what was asked, with None when nothing was asked or it was left."""

    def __init__(
        self, view: View, title: str, label: str, ask: Ask | None = None, variant: ButtonVariant = "warning"
    ) -> None:
        super().__init__(view, title, (Choice("do", label, variant=variant),))
        self._ask = ask

    def obstacle(self, view: View) -> str:
        """Why it cannot be asked for now; empty when it can."""
        return ""

    def picture(self, view: View) -> object:
        """What the decision rests on: when it changes, what was read on opening is no longer true. None: nothing."""
        return None

    def send(self, command_id: str, answer: Answer) -> str:
        """Ask the desk, under this id or a new one; the id."""
        assert self._ask is not None
        return self._ask(command_id, answer)

    def in_the_way(self, view: View, way: Choice) -> str:
        """The obstacle of the one command."""
        return self.obstacle(view)

    def rests_on(self, view: View, way: Choice) -> object:
        """The picture of the one command."""
        return self.picture(view)

    def ask_for(self, way: Choice, command_id: str, answer: Answer) -> str:
        """Send the one command."""
        return self.send(command_id, answer)

    def closes_with(self, result: Result) -> Result | None:
        """The desk's answer."""
        return result
