"""The buttons of dialogs, and what the line of keys under a dialog says about the control that has the keyboard.

What is harmless is pressed by space and Enter, what commands the desk by space alone.
"""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Button, Input

from panels.kit.form_fields import FormChoice


class DialogButton(Button, inherit_bindings=False):
    """A button that is styled once it is mounted: Textual styles one several times while it is made."""

    def update_node_styles(self, animate: bool = True) -> None:
        if self.is_attached:
            super().update_node_styles(animate)


class PlainButton(DialogButton, inherit_bindings=False):
    """A harmless button, which space, Enter and the mouse press."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "press", show=False)]


class LeaveButton(DialogButton, inherit_bindings=False):
    """A button that leaves its dialog. Space does it only while the dialog lets it: a second press of space on what
    sent a command must not close the dialog before its outcome is read.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "press", show=False),
        Binding("space", "screen.leave_by_space", show=False),
    ]


class SpaceButton(DialogButton, inherit_bindings=False):
    """A button that space and the mouse press. Enter does not, and its dialog says so."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "press", show=False),
        Binding("enter", "screen.refuse_enter", show=False),
    ]


def control_hint(focused: Widget | None) -> str:
    """Say which key uses the control that has the keyboard; empty without one."""
    if isinstance(focused, Button):
        return f"space: {focused.label}"
    if isinstance(focused, FormChoice):
        return "← → choose"
    return "enter: next" if isinstance(focused, Input) else ""
