"""The form of the limits: it checks what cannot be right; the desk decides."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import ClassVar, NamedTuple

import msgspec
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.commands import Limits, Result
from cockpit.model.formatting import exact
from panels.dialogs import messages
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.outcome import Message
from panels.kit.form_fields import EntryInput
from panels.kit.messages import NO_CONNECTION
from panels.kit.rows.plain_text import PlainLabel, PlainText
from panels.kit.view import View

Changes = Mapping[str, Decimal | int]


class LimitField(NamedTuple):
    """A limit of ``Limits`` by its name there, its label and its unit."""

    name: str
    label: str
    unit: str


FIELDS = (
    LimitField("max_notional_eure", "Max size of a quote", "EURe"),
    LimitField("min_notional_eure", "Min size of a quote", "EURe"),
    LimitField("max_promised_eure", "Max committed in live quotes", "EURe"),
    LimitField("max_signed_eure", "Max signed, refused included", "EURe"),
    LimitField("max_option_eure", "Max worth of signed options", "EURe"),
    LimitField("max_asset_share", "Max share of one asset", "of 1"),
    LimitField("max_quotes_per_second", "Max quotes", "per s"),
    LimitField("max_fills_per_hour", "Max fills", "per h"),
    LimitField("max_loss_per_day_eure", "Max daily loss", "EURe"),
    LimitField("min_edge_bps", "Min edge", "bps"),
    LimitField("max_reference_age_ms", "Max price age", "ms"),
    LimitField("max_inventory_age_ms", "Max balance age", "ms"),
    LimitField("max_divergence_bps", "Max source divergence", "bps"),
    LimitField("max_deadline_ms", "Max quote validity", "ms"),
)


def field_text(limits: Limits, name: str) -> str:
    """Write a limit as it is edited: every digit, without grouping."""
    value = getattr(limits, name)
    return exact(value).replace(",", "") if isinstance(value, Decimal) else str(value)


def parse_limits(texts: Mapping[str, str], current: Limits) -> tuple[Changes, tuple[str, ...]]:
    """Return the limits that differ from ``current``, and a sentence for every value that cannot be used."""
    changes: dict[str, Decimal | int] = {}
    problems: list[str] = []
    for name, label, unit in FIELDS:
        text = texts[name].strip()
        if text == field_text(current, name):
            continue
        decimal = isinstance(getattr(current, name), Decimal)
        try:
            changes[name] = Decimal(text) if decimal else int(text)
        except (InvalidOperation, ValueError):
            wanted = "a number" if decimal else "a whole number"
            problems.append(f"{label}: {text or 'nothing'!r} is not {wanted} ({unit})")
    if not problems:
        problems += msgspec.structs.replace(current, **changes).problems()
    return changes, tuple(problems)


class LimitsDialog(CommandDialog[Result]):
    """Sends only the limits that were changed. Its terms are the current limits: a correction must not undo what
    another operator set meanwhile.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, desk: DeskPort, current: Limits) -> None:
        super().__init__(desk, "Limits", (Choice("do", "Set the limits"),))
        self._current = current
        self._changes: Changes = {}

    def question(self) -> Iterable[Widget]:
        for name, label, unit in FIELDS:
            with Horizontal(classes="field"):
                yield PlainLabel(label, classes="name")
                entry = EntryInput(field_text(self._current, name), id=name, compact=True)
                entry.cursor_blink = False
                yield entry
                yield PlainLabel(unit, classes="unit")
        yield PlainText("New limits apply from the next decision. Live quotes keep their terms.", id="meaning")

    def preconditions(self, view: View, choice: Choice) -> object:
        return view.snapshot and (desk_identity(view), view.snapshot.limits)

    def blocked_by(self, view: View, choice: Choice) -> str:
        return "" if view.trusted else NO_CONNECTION

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.touch()

    def entry_done(self, entry: Input) -> None:
        # Enter goes to the next field; only the button sets.
        self.focus_next()

    def submit(self, choice: Choice) -> None:
        texts = {field.name: self.query_one(f"#{field.name}", Input).value for field in FIELDS}
        changes, problems = parse_limits(texts, self._current)
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
