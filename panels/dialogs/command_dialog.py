"""A dialog that commands the desk: Cancel is focused first, Enter never sends, and each choice has its own outcome.

What it shows is kept up to date while it is open. It sends nothing once its terms changed or nobody touched it for
two minutes.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from textual import events
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.commands import Result
from panels.dialogs import messages
from panels.dialogs.choices import Choice, blocked_text
from panels.dialogs.controls import LeaveButton, SpaceButton
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.dialog import Dialog
from panels.dialogs.outcome import Message, describe, find_in_journal
from panels.kit.messages import TERMS_CHANGED
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

T = TypeVar("T")

UNATTENDED_S = 120.0
"""A dialog that nobody touched for so long closes: whoever comes back decides anew."""


class CommandDialog(Dialog[T], Generic[T]):
    """Closes with ``result`` of the desk's answer, and with None when it was left or nothing was sent.

    A command whose outcome is unknown is sent again under its own id, by the button that sent it.
    """

    AUTO_FOCUS = "#cancel"
    ESCAPE = messages.ESC_CANCELS

    def __init__(self, desk: DeskPort, title: str, choices: Sequence[Choice]) -> None:
        super().__init__(desk, title)
        self._choices = tuple(choices)
        self._sent_choice = self._choices[0]
        self._in_flight = False
        self._space_leaves = True
        self._unknown_id = ""
        """The id of the command whose outcome is unknown, or that is in flight."""
        self._terms: dict[str, object] = {}
        """The preconditions of each choice as they were when the dialog was opened."""
        self._blocked: str | None = None
        self._touched_s: float | None = None

    def question(self) -> Iterable[Widget]:
        """Yield what stands above the buttons."""
        return ()

    def blocked_by(self, view: View, choice: Choice) -> str:
        """Return why the choice is unavailable now; empty when it can be used."""
        return ""

    def preconditions(self, view: View, choice: Choice) -> object:
        """Return what the operator decides on: once it changes, the dialog sends nothing more. None: nothing."""
        return None

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        """Send the command, under a new id where ``command_id`` is empty; return its id."""
        raise NotImplementedError

    def result(self, answer: Result) -> T | None:
        """Return what the dialog closes with once the desk did it; None keeps it open."""
        raise NotImplementedError

    def outcome_shown(self, message: Message) -> None:
        """Follow an outcome that is shown in the dialog, which stays open."""

    def body(self) -> Iterable[Widget]:
        yield from self.question()
        yield PlainText("", id="blocked")
        yield self.message_line
        with Horizontal(id="buttons"):
            yield LeaveButton("Cancel", id="cancel", compact=True)
            yield from self.buttons()

    def buttons(self) -> Iterable[Widget]:
        """Yield the buttons beside Cancel; one that is no choice comes to ``leave``."""
        for choice in self._choices:
            yield SpaceButton(choice.label, id=choice.id, variant=choice.variant, compact=True)

    def on_mount(self) -> None:
        self.touch()

    def on_key(self, event: events.Key) -> None:
        # The key that comes after the time was over acts no more.
        if self._close_if_unattended():
            event.stop()
            event.prevent_default()
        else:
            self.touch()

    def leaves_by_space(self) -> bool:
        return self._space_leaves

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        # A line of a form keeps the key that leads to the next one to itself.
        self.touch()

    def touch(self) -> None:
        """Count the time without input from now on."""
        self._touched_s = self.desk.clock()

    def paint(self, view: View) -> None:
        super().paint(view)
        for choice in self._choices:
            if self._terms.get(choice.id) is None:
                self._terms[choice.id] = self.preconditions(view, choice)
        if self._unknown_id and not self._in_flight:
            self.look_up(view, self._unknown_id)
        if not self.is_attached or self._close_if_unattended():
            return
        reasons = {choice: self.unavailable(view, choice) for choice in self._choices}
        self._show_blocked(blocked_text(reasons))
        for choice, reason in reasons.items():
            button, disabled = self._button(choice.id), self._in_flight or bool(reason)
            if disabled and button.has_focus:
                self.move_to_cancel()
            button.disabled = disabled

    def move_to_cancel(self) -> None:
        """Give Cancel the keyboard that an unusable button had: the key meant for that one must press nothing."""
        self._space_leaves = False
        self._button("cancel").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        choice = next((choice for choice in self._choices if choice.id == event.button.id), None)
        if choice is None:
            self.leave(event.button.id or "")
        else:
            self.submit(choice)

    def leave(self, button: str) -> None:
        """Close, or do what another button does that sends nothing."""
        self.dismiss(None)

    def submit(self, choice: Choice) -> None:
        """Check once more, by what is known now and not by what was painted last, and send."""
        if self._in_flight or not self.may_act() or self.unavailable(self.view, choice):
            return
        if choice != self._sent_choice:
            self.forget_unknown()
        self._sent_choice = choice
        self._in_flight = True
        self._space_leaves = False
        for each in self._choices:
            self._button(each.id).disabled = True
        self._button("cancel").focus()
        command_id = self.send(choice, self._unknown_id, self._take_answer)
        if self._in_flight:
            self._unknown_id = command_id
            self.show_message(Message(messages.command_sent(command_id), "information"))

    def may_act(self) -> bool:
        """Return whether a press counts: made on the newest picture and in time. Paints what is known now."""
        if self.refuses_stale_picture():
            return False
        self.paint(self.desk.view)
        return self.is_attached and self.is_active and not self._close_if_unattended()

    def forget_unknown(self) -> None:
        """Take a new id next time: the desk would take another command under the same id for the previous one."""
        if not self._in_flight:
            self._unknown_id = ""
            self.relabel()

    def look_up(self, view: View, command_id: str) -> None:
        """Find the outcome of a command without a reply in the journal."""
        result = find_in_journal(view.snapshot, command_id)
        if result is not None and not self._settle(result):
            self.app.notify(describe(result).text, markup=False)

    def unavailable(self, view: View, choice: Choice) -> str:
        """Return why the choice cannot be used, also because its terms changed; empty when it can."""
        read = self._terms.get(choice.id)
        changed = read is not None and self.preconditions(view, choice) not in (None, read)
        return self.blocked_by(view, choice) or (TERMS_CHANGED if changed else "")

    def label(self, choice: Choice) -> str:
        """Return the label of its button now."""
        return choice.retry if self._unknown_id and choice == self._sent_choice else choice.label

    def relabel(self) -> None:
        """Label every choice by what its button sends now."""
        for choice in self._choices:
            self.set_label(choice.id, self.label(choice))

    def set_label(self, button: str, label: str) -> None:
        """Label a button, and give it the room the label takes."""
        widget = self._button(button)
        if str(widget.label) != label:
            widget.label = label
            widget.refresh(layout=True)

    def _button(self, ident: str) -> Button:
        return self.query_one(f"#{ident}", Button)

    def _take_answer(self, outcome: Outcome) -> bool:
        self._in_flight = False
        if not self.is_attached:
            return False
        if isinstance(outcome, UnknownOutcome) and outcome.sent:
            self.relabel()
            self._stay_open(describe(outcome))
            return True
        return self._settle(outcome)

    def _settle(self, outcome: Outcome) -> bool:
        """Show the outcome, or close with it; return False when closed."""
        self._unknown_id = ""
        self.relabel()
        message = describe(outcome)
        value = self.result(outcome) if message.done and isinstance(outcome, Result) else None
        if value is not None:
            self.dismiss(value)
            return False
        self._stay_open(message)
        return True

    def _stay_open(self, message: Message) -> None:
        self.show_message(message)
        self.outcome_shown(message)
        self.paint(self.desk.view)

    def _show_blocked(self, text: str) -> None:
        if text != self._blocked:
            self._blocked = text
            notice = self.query_one("#blocked", PlainText)
            notice.update(text)
            notice.display = bool(text)

    def _close_if_unattended(self) -> bool:
        # Whether nobody touched the dialog for two minutes; then it is closed.
        touched_s = self._touched_s
        if not self.is_active or self._in_flight or touched_s is None or self.desk.clock() - touched_s < UNATTENDED_S:
            return False
        self.app.notify(messages.closed_unattended(self.title_text), markup=False, timeout=12)
        self.dismiss(None)
        return True
