"""The help screen: every key, from the one table of actions."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from cockpit.keys import ACTIONS
from cockpit.theme import Role
from panels.cells import Cell, Line
from panels.dialogue import Dialogue
from panels.view import View


def help_lines() -> list[Line]:
    """The actions by group."""
    lines: list[Line] = []
    for group in dict.fromkeys(action.group for action in ACTIONS):
        if lines:
            lines.append(())
        lines.append((Cell(group, "strong"),))
        for action in ACTIONS:
            if action.group == group:
                role: Role = "warn" if action.danger else "accent"
                lines.append((Cell(f"  {action.shown:<10}", role), Cell(action.help)))
    return lines


class HelpDialogue(Dialogue[None]):
    """All keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "back", show=False)]

    def __init__(self, view: View) -> None:
        super().__init__(view, "Keys")

    def body(self) -> Iterable[Widget]:
        """A scrolling list."""
        with VerticalScroll(id="scroll"):
            yield Static(self.text(help_lines()), id="text")
        yield Static("esc closes", classes="hint")
