"""A note for the journal: what the operator knows and the desk does not."""

from collections.abc import Iterable

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.commands import MAX_NOTE, Result
from panels.dialogs import messages
from panels.dialogs.choices import Choice
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.outcome import Message
from panels.kit.form_fields import EntryInput
from panels.kit.messages import NO_CONNECTION
from panels.kit.rows.plain_text import PlainLabel, PlainText
from panels.kit.view import View

MEANING = "The note is kept in the journal with the time and your name, and shown in Log. It changes nothing."


class NoteDialog(CommandDialog[Result]):
    """Enter on the line records it: no money moves by it."""

    AUTO_FOCUS = "#note"

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, "Note", (Choice("do", "Record it", variant="default"),))
        self._sent = ""

    def question(self) -> Iterable[Widget]:
        with Horizontal(classes="field"):
            yield PlainLabel("Note", classes="name")
            entry = EntryInput(id="note", compact=True, max_length=MAX_NOTE)
            entry.cursor_blink = False
            yield entry
        yield PlainText(MEANING, id="meaning")

    def blocked_by(self, view: View, choice: Choice) -> str:
        return "" if view.trusted else NO_CONNECTION

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.touch()

    def entry_done(self, entry: Input) -> None:
        self.submit(self._choices[0])

    def submit(self, choice: Choice) -> None:
        text = self._text
        if not text:
            self.show_message(Message(messages.NOTE_IS_EMPTY, "warning"))
            return
        if text != self._sent:
            self.forget_unknown()
        self._sent = text
        super().submit(choice)

    @property
    def _text(self) -> str:
        return self.query_one("#note", Input).value.strip()

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.note(self._sent, command_id, answer)

    def result(self, answer: Result) -> Result:
        return answer
