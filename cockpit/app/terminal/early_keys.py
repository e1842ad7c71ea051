"""Keys that were typed before what they would act on was shown: text and ways through a form count, commands do not."""

from collections.abc import Sequence

from textual import events
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input

from cockpit.app.terminal.held_keys import Typed
from panels.dialogs import messages
from panels.kit.actions import Action
from panels.kit.form_fields import EntryInput
from panels.kit.keymap import display

COMMANDS = ("arm.", "disarm", "stop.", "freeze.withdrawals")
PRESSES = ("space", "enter")


def early_problem(typed: Typed, focused: Widget | None, screen: Screen[object], actions: Sequence[Action]) -> str:
    """Return why an early key does nothing; empty where it may act.

    It never presses a button, arms, or stops.
    """
    if isinstance(typed, events.Paste):
        return ""
    named = {typed.key, *typed.aliases}
    commands = any(action.id.startswith(COMMANDS) and named & set(action.keys) for action in actions)
    writes = isinstance(focused, Input) and typed.is_printable
    presses = bool(named.intersection(PRESSES)) and isinstance(focused, Button)
    enters = "enter" in named and isinstance(focused, Input) and not isinstance(focused, EntryInput)
    if (commands and not writes) or presses or (enters and screen.is_modal):
        return messages.typed_early(display(typed.key))
    return ""
