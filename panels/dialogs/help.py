"""The help screen: every key, from the one table of actions."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.frame.key_bar import UnavailableReason
from panels.kit.actions import Action
from panels.kit.keymap import displayed
from panels.kit.messages import unavailable
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.theme import Role
from panels.kit.view import View

LEGEND = "! can move money, and asks first   ✗ unavailable now"
REASON_WIDTH = 56
"""Of the dialog at 80 columns, beside the keys."""


def help_lines(actions: Sequence[Action], availability: UnavailableReason, view: View) -> list[Line]:
    """List the actions by group; an unavailable one is grey and shows its reason."""
    lines: list[Line] = [(Cell(LEGEND, "muted"),)]
    for group in dict.fromkeys(action.group for action in actions):
        lines += [(), (Cell(group, "strong"),)]
        for action in actions:
            if action.group != group:
                continue
            reason = availability(action.id, view)
            role: Role = "muted" if reason else "warn" if action.danger else "accent"
            mark = "✗" if reason else "!" if action.danger else " "
            key = Cell(f"{mark} {displayed(action):<12} ", role)
            lines.append((key, Cell(action.help, "muted" if reason else "text")))
            if reason:
                lines += [(Cell(f"{'':15}{part}", "muted"),) for part in wrap(unavailable(reason), REASON_WIDTH)]
    return lines


class HelpDialog(Dialog[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "back", show=False)]

    def __init__(self, desk: DeskPort, actions: Sequence[Action], availability: UnavailableReason) -> None:
        super().__init__(desk, "Keys")
        self._actions = actions
        self._availability = availability

    def body(self) -> Iterable[Widget]:
        with VerticalScroll(id="scroll"):
            yield PlainText(self.styled(help_lines(self._actions, self._availability, self.view)), id="text")
