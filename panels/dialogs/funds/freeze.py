"""Frozen or open withdrawals inside a dialogue: freezing never asks, unfreezing does."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Static

from cockpit.client.desk_client import Outcome
from cockpit.model.formatting import time_left
from panels.dialogs.funds.desk_port import FundsPort
from panels.dialogs.question import Question
from panels.frame.tour_strip import Place
from panels.kit.messages import NO_CONNECTION
from panels.kit.view import View

MEANING = (
    "Unfrozen, the desk lets one withdrawal through and freezes again: once it has been sent, or after ten minutes. "
    "Every other gate stays closed as it was. Only the setting WITHDRAWALS_STAY_OPEN keeps withdrawals open longer."
)


def open_left(view: View) -> str:
    """How long withdrawals stay open."""
    snapshot = view.snapshot
    if snapshot is None or snapshot.freeze_left_ms is None:
        return "until frozen"
    return f"for {time_left(max(0, snapshot.freeze_left_ms - view.quiet_ms))}"


def obstacle(view: View) -> str:
    """Why withdrawals cannot be unfrozen now; empty when they can."""
    if view.snapshot is None or not view.trusted:
        return NO_CONNECTION
    return "" if view.snapshot.withdrawals_frozen else f"withdrawals are open already, {open_left(view)}"


class UnfreezeDialog(Question):
    """Asks before money may leave."""

    PLACE: ClassVar[Place] = "unfreeze"


class FreezeRow(Horizontal):
    """Whether withdrawals are frozen, and the button that changes it."""

    def __init__(self, view: View, money: FundsPort) -> None:
        super().__init__(id="freezing")
        self._view = view
        self._money = money
        self._state = Static("", id="freeze-state", markup=False)
        self._button = Button("", id="freeze", compact=True)
        self._shown = ""

    def compose(self) -> ComposeResult:
        """State and button."""
        yield self._state
        yield self._button

    def paint(self, view: View) -> None:
        """Show the moment."""
        self._view = view
        frozen = view.snapshot is None or view.snapshot.withdrawals_frozen
        words = "Withdrawals are frozen." if frozen else f"Withdrawals are OPEN {open_left(view)}."
        if words == self._shown:
            return
        self._shown = words
        self._state.update(words)
        self._button.label = "Unfreeze…" if frozen else "Freeze now"
        self._button.variant = "warning" if frozen else "default"
        self._button.refresh(layout=True)  # The one word is longer than the other.

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Freeze at once, or ask before unfreezing."""
        event.stop()
        if self._view.snapshot is not None and not self._view.snapshot.withdrawals_frozen:
            self._money.freeze(True, "", self._elsewhere)
            return
        if self.screen.is_active:  # A button pressed twice in one moment asks one question.
            unfreeze = partial(self._money.freeze, False)
            question = UnfreezeDialog(self._view, "Unfreeze withdrawals?", MEANING, "Unfreeze", unfreeze, obstacle)
            self.app.push_screen(question)

    @staticmethod
    def _elsewhere(_outcome: Outcome) -> bool:
        return False
