"""The form of the limits: it checks what cannot be right; the desk decides."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.commands import Limits, Result
from cockpit.model.formatting import exact, progress_bar, rounded
from cockpit.model.pricing.value_texts import LIMIT_FIELDS, Typed, Value, parse_values, problem_in_words
from panels.dialogs import messages
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.dialog import ScrolledPart
from panels.dialogs.outcome import Message
from panels.kit.messages import NO_CONNECTION
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.value_rows import ValueRows
from panels.kit.view import View
from panels.views.earnings.limits_used import Used, limits_used

FIELDS = LIMIT_FIELDS
BAR_WIDTH, USE_STEPS = 4, 1000


def values(limits: Limits) -> dict[str, Value]:
    return {name: getattr(limits, name) for name in Limits.__struct_fields__}


def parse_limits(texts: Mapping[str, str], current: Limits) -> Typed:
    """Return the limits that differ from ``current``, and a sentence for every value that cannot be used."""
    typed = parse_values(FIELDS, texts, values(current))
    if typed.problems:
        return typed
    problems = msgspec.structs.replace(current, **typed.changes).problems()
    return typed._replace(problems=tuple(problem_in_words(problem) for problem in problems))


def use_line(one: Used) -> Line:
    """Draw what is used of a limit, and say it."""
    used, limit = one.used, one.limit
    if used is None:
        return (Cell(f"{'':{BAR_WIDTH}} use unknown", "warn"),)
    bar = progress_bar(int(used * USE_STEPS), int(limit * USE_STEPS), BAR_WIDTH)
    return (Cell(f"{bar} ", one.role), Cell(f"{rounded(used, one.places)} of {exact(limit)}", one.role))


class LimitsDialog(CommandDialog[Result]):
    """Sends only the limits that were changed. Its terms are the current limits: a correction must not undo what
    another operator set meanwhile.
    """

    ARROWS_SCROLL = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, desk: DeskPort, current: Limits) -> None:
        super().__init__(desk, "Limits", (Choice("do", "Set the limits"),))
        self._current = current
        self._changes: Mapping[str, Value] = {}
        self._rows = ValueRows(FIELDS, values(current))

    def question(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield self._rows
        yield PlainText("New limits apply from the next decision. Live quotes keep their terms.", id="meaning")

    def paint(self, view: View) -> None:
        super().paint(view)
        if view.snapshot is not None:
            self._rows.show_uses({one.limit_name: use_line(one) for one in limits_used(view.snapshot)})

    def preconditions(self, view: View, choice: Choice) -> object:
        return view.snapshot and (desk_identity(view), view.snapshot.limits)

    def blocked_by(self, view: View, choice: Choice) -> str:
        return view.too_small if view.trusted else NO_CONNECTION

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.touch()

    def entry_done(self, entry: Input) -> None:
        # Enter goes to the next field; only the button sets.
        self.focus_next()

    def submit(self, choice: Choice) -> None:
        changes, problems = parse_limits(self._rows.texts, self._current)
        if problems:
            self.show_message(Message("\n".join(problems), "warning"))
        elif not changes:
            self.show_message(Message(messages.NOTHING_CHANGED, "information"))
        else:
            if changes != self._changes:
                self.forget_unknown()
            self._changes = changes
            super().submit(choice)

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.set_limits(self._changes, command_id, answer)

    def result(self, answer: Result) -> Result:
        return answer
