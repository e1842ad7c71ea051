"""Whether withdrawals are frozen, inside a dialog: freezing never asks, unfreezing does."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button

from cockpit.client.desk_client import Outcome
from cockpit.model.commands import Result
from cockpit.model.formatting import time_left
from panels.dialogs import messages
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.controls import PlainButton
from panels.dialogs.desk_port import Answer, DeskPort
from panels.frame.tour_strip import Place
from panels.kit.messages import NO_CONNECTION, already
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

MEANING = (
    "Allow one withdrawal within the next ten minutes. The desk freezes withdrawals again once it is sent, or when the "
    "time is over. All other checks still apply. Only the setting WITHDRAWALS_STAY_OPEN keeps withdrawals open longer."
)


def open_for(view: View) -> str:
    """Return how long withdrawals stay open."""
    snapshot = view.snapshot
    if snapshot is None or snapshot.freeze_left_ms is None:
        return "until frozen"
    return f"for {time_left(max(0, snapshot.freeze_left_ms - view.quiet_ms))}"


def unfreezing_blocked_by(view: View) -> str:
    """Return why withdrawals cannot be unfrozen now; empty when they can."""
    if view.snapshot is None or not view.trusted:
        return NO_CONNECTION
    if not view.snapshot.withdrawals_frozen:
        return f"{already('withdrawals are', 'open')} {open_for(view)}"
    return view.too_small


class UnfreezeDialog(CommandDialog[Result]):
    PLACE: ClassVar[Place] = "unfreeze"

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, "Unfreeze withdrawals?", (Choice("do", "Unfreeze"),))

    def question(self) -> Iterable[Widget]:
        yield PlainText(MEANING, id="meaning")

    def blocked_by(self, view: View, choice: Choice) -> str:
        return unfreezing_blocked_by(view)

    def preconditions(self, view: View, choice: Choice) -> object:
        return desk_identity(view)

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.freeze(False, command_id, answer)

    def result(self, answer: Result) -> Result:
        return answer


class FreezeRow(Horizontal):
    """Whether withdrawals are frozen, and the button that changes it."""

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(id="freezing")
        self._desk = desk
        self._view = desk.view
        self._state = PlainText("", id="freeze-state")
        self._button = PlainButton("", id="freeze", compact=True)
        self._shown = ""

    def compose(self) -> ComposeResult:
        yield self._state
        yield self._button

    def paint(self, view: View) -> None:
        self._view = view
        frozen = view.snapshot is None or view.snapshot.withdrawals_frozen
        text = messages.WITHDRAWALS_FROZEN if frozen else f"Withdrawals are OPEN {open_for(view)}."
        if text == self._shown:
            return
        self._shown = text
        self._state.update(text)
        self._button.label = "Unfreeze…" if frozen else "Freeze now"
        self._button.variant = "warning" if frozen else "default"
        self._button.refresh(layout=True)  # The one label is longer than the other.

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if self._view.snapshot is not None and not self._view.snapshot.withdrawals_frozen:
            self._desk.freeze(True, "", self._shown_elsewhere)
            return
        if self.screen.is_active:  # A button pressed twice in one moment asks one question.
            self.app.push_screen(UnfreezeDialog(self._desk))

    @staticmethod
    def _shown_elsewhere(_outcome: Outcome) -> bool:
        return False
