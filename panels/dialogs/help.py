"""The help screen: every key, from the one table of actions."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.widget import Widget

from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.frame.key_bar import UnavailableReason
from panels.kit.actions import Action
from panels.kit.keymap import displayed
from panels.kit.messages import unavailable
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.text_lines import LineView
from panels.kit.theme import Role
from panels.kit.view import View

LEGEND = "! can move money, and asks first   ✗ unavailable now"
KEY_WIDTH = 15
"""Cells of the keys, and of the mark before them."""
BOX_WIDTH = 84
AROUND = 7
"""Cells of the box's frame, padding and scroll bar."""


def help_lines(actions: Sequence[Action], availability: UnavailableReason, view: View, width: int) -> list[Line]:
    """List the actions by group at ``width`` cells; an unavailable one is grey and shows its reason."""
    lines: list[Line] = [(Cell(LEGEND, "muted"),), ()]
    for group in dict.fromkeys(action.group for action in actions):
        lines.append((Cell(group, "strong"),))
        for action in actions:
            if action.group != group:
                continue
            reason = availability(action.id, view)
            role: Role = "muted" if reason else "warn" if action.danger else "accent"
            mark = "✗" if reason else "!" if action.danger else " "
            key = Cell(f"{mark} {displayed(action):<12} ", role)
            lines += _beside(key, action.help, "muted" if reason else "text", width)
            if reason:
                lines += _beside(Cell(" " * KEY_WIDTH), unavailable(reason), "muted", width)
        lines.append(())
    return lines[:-1]


def _beside(key: Cell, text: str, role: Role, width: int) -> list[Line]:
    """Put a text beside a key, on as many lines as it needs."""
    first, *others = wrap(text, max(20, width - cell_len(key.text))) or [""]
    return [(key, Cell(first, role)), *((Cell(" " * KEY_WIDTH), Cell(more, role)) for more in others)]


class HelpDialog(Dialog[None]):
    """Drawn by the line, and only what is in sight: as one text all of it was broken into lines for each picture."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "back", show=False)]

    def __init__(self, desk: DeskPort, actions: Sequence[Action], availability: UnavailableReason) -> None:
        super().__init__(desk, "Keys")
        self._actions = actions
        self._availability = availability
        self._text = LineView(id="text")

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield self._text

    def paint(self, view: View) -> None:
        super().paint(view)
        width = self._text.size.width or min(BOX_WIDTH, self.app.size.width * 96 // 100) - AROUND
        lines = help_lines(self._actions, self._availability, view, width)
        if self._text.styles.height is None or self._text.styles.height.value != len(lines):
            self._text.styles.height = len(lines)
        self._text.show(lines)
