"""The help screen: every key, from the one table of actions."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from panels.dialogs.dialog import Dialog
from panels.frame.key_bar import Obstacle
from panels.kit.actions import Action
from panels.kit.cells import Cell, Line
from panels.kit.keymap import displayed
from panels.kit.messages import unavailable
from panels.kit.theme import Role
from panels.kit.view import View


def help_lines(actions: Sequence[Action], obstacle: Obstacle, view: View) -> list[Line]:
    """The actions by group; what can do nothing now is grey and says why."""
    lines: list[Line] = []
    for group in dict.fromkeys(action.group for action in actions):
        if lines:
            lines.append(())
        lines.append((Cell(group, "strong"),))
        for action in actions:
            if action.group != group:
                continue
            why = obstacle(action.id, view)
            role: Role = "muted" if why else "warn" if action.danger else "accent"
            mark = "✗" if why else "!" if action.danger else " "
            key = Cell(f"{mark} {displayed(action):<10} ", role)
            lines.append((key, Cell(action.help, "muted" if why else "text")))
            if why:
                lines.append((Cell(f"{'':13}{unavailable(why)}", "muted"),))
    return [*lines, (), (Cell("! lets money move; it asks first", "muted"),)]


class HelpDialog(Dialog[None]):
    """All keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "back", show=False)]

    def __init__(self, view: View, actions: Sequence[Action], obstacle: Obstacle) -> None:
        super().__init__(view, "Keys")
        self._actions = actions
        self._obstacle = obstacle

    def body(self) -> Iterable[Widget]:
        """A scrolling list."""
        with VerticalScroll(id="scroll"):
            yield Static(self.text(help_lines(self._actions, self._obstacle, self.view)), id="text")
        yield Static("esc closes", classes="hint")
