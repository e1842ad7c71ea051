"""The form of the pricing: what a change would have quoted comes first, then the change itself."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import ClassVar

import msgspec
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from cockpit.client.desk_client import Previewed, UnknownOutcome
from cockpit.model.commands import Limits, Result
from cockpit.model.pricing.preview_text import preview_lines
from cockpit.model.pricing.pricing_set import (
    PRICING_FIELDS,
    PricingField,
    PricingPreview,
    PricingSet,
    PricingTerms,
    QuoteLives,
)
from cockpit.model.pricing.value_texts import parse_values, problem_in_words, value_text
from cockpit.model.recorded.names import reason_name
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.controls import PlainButton
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.dialog import ScrolledPart
from panels.dialogs.outcome import Message, describe
from panels.kit.form_fields import FormChoice
from panels.kit.messages import NO_CONNECTION
from panels.kit.rows.plain_text import PlainLabel, PlainText
from panels.kit.value_rows import ValueRows
from panels.kit.view import View

AS_IT_IS = "as typed"
"""The choice beside the presets."""


def pricing_set(snapshot: Snapshot) -> PricingSet:
    """Return what is priced by, as the desk shows it."""
    return PricingSet(params=snapshot.pricing, limits=snapshot.limits, lives=snapshot.lives)


def preset_text(field: PricingField, text: str) -> str:
    """Return the value of a preset as the form shows it; one that is no number as it is."""
    try:
        return value_text(field, Decimal(text))
    except InvalidOperation:
        return text


def parse_pricing(texts: Mapping[str, str], current: PricingSet) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the values that differ from ``current``, and a sentence for every value that cannot be used."""
    typed = parse_values(PRICING_FIELDS, texts, current.values())
    changes: dict[str, object] = {
        name: str(value) if isinstance(value, Decimal) else value for name, value in typed.changes.items()
    }
    found = current.changed(changes, _may_follow)[1]
    return changes, typed.problems or tuple(problem_in_words(problem) for problem in found)


def _may_follow(limits: Limits, lives: QuoteLives) -> Limits:
    """Return limits that leave it to the desk whether what is committed follows the sizes: only it knows who set it."""
    committed = max(limits.max_promised_eure, limits.max_notional_eure)
    signed = max(limits.max_signed_eure, committed)
    return msgspec.structs.replace(limits, max_promised_eure=committed, max_signed_eure=signed)


class PricingDialog(CommandDialog[Result]):
    """Sends only the values that were changed, and only those that were previewed as they are.

    Its terms are the set in force: a correction must not undo what another operator set meanwhile.
    """

    ARROWS_SCROLL = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, desk: DeskPort, current: PricingSet) -> None:
        super().__init__(desk, "Pricing", (Choice("do", "Set the pricing"),))
        self._current = current
        self._changes: dict[str, object] = {}
        self._previewed: dict[str, object] | None = None
        """The change whose preview is shown."""
        self._asked = 0
        self._presets: dict[str, dict[str, str]] = {}
        self._problems: Sequence[str] = ()
        """What is wrong with the file of presets."""
        self._rows = ValueRows(PRICING_FIELDS, current.values())

    def question(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            with Horizontal(classes="field", id="presets") as presets:
                presets.display = False
                yield PlainLabel("Preset", classes="name")
            yield self._rows
        yield PlainText(messages.UNTIL_RESTART, id="meaning")
        yield PlainText("", id="preview_text")

    def buttons(self) -> Iterable[Widget]:
        yield PlainButton("Preview", id="preview", compact=True)
        yield from super().buttons()

    def on_mount(self) -> None:
        self.query_one("#preview_text").display = False
        self.desk.pricing_terms(self._take_terms)

    def preconditions(self, view: View, choice: Choice) -> object:
        return view.snapshot and (desk_identity(view), pricing_set(view.snapshot).values())

    def blocked_by(self, view: View, choice: Choice) -> str:
        if not view.trusted:
            return NO_CONNECTION
        return view.too_small or ("" if self._previewed is not None else messages.PREVIEW_FIRST)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.touch()
        changes, _ = self._typed()
        if self._previewed is not None and changes != self._previewed:
            self._drop_preview()

    def entry_done(self, entry: Input) -> None:
        # Enter goes to the next field; only the button sets.
        self.focus_next()

    def on_form_choice_changed(self, event: FormChoice.Changed) -> None:
        event.stop()
        self.touch()
        values = self._presets.get(self.query_one("#preset", FormChoice).value, {})
        known = values.keys() & self._rows.fields.keys()
        for name in known:
            self._rows.inputs[name].value = preset_text(self._rows.fields[name], values[name])
        left = len(values) - len(known)
        self._warn((*self._problems, messages.values_unknown_here(left)) if left else self._problems)

    def leave(self, button: str) -> None:
        if button == "preview":
            self._preview()
        else:
            super().leave(button)

    def submit(self, choice: Choice) -> None:
        changes, problems = self._typed()
        if problems or changes != self._previewed:
            self._drop_preview()
            self.paint(self.desk.view)
            return
        if changes != self._changes:
            self.forget_unknown()
        self._changes = changes
        super().submit(choice)

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.set_pricing(self._changes, command_id, answer)

    def result(self, answer: Result) -> Result:
        return answer

    def _typed(self) -> tuple[dict[str, object], tuple[str, ...]]:
        return parse_pricing(self._rows.texts, self._current)

    def _preview(self) -> None:
        changes, problems = self._typed()
        self._drop_preview()
        if problems:
            self.show_message(Message("\n".join(problems), "warning"))
        elif not changes:
            self.show_message(Message(messages.NO_VALUE_CHANGED, "information"))
        elif not self.desk.view.trusted:
            self.show_message(Message(NO_CONNECTION, "warning"))
        else:
            number = self._asked
            self.show_message(Message(messages.PREVIEWING, "information"))
            self.desk.preview_pricing(changes, lambda found: self._take_preview(number, changes, found))

    def _take_preview(self, number: int, changes: dict[str, object], found: Previewed) -> None:
        if not self.is_attached or number != self._asked:
            return
        if not isinstance(found, PricingPreview):
            reason = f"No preview: {found.reason}" if isinstance(found, UnknownOutcome) else describe(found).text
            self.show_message(Message(reason, "error"))
            return
        self.show_message(None)
        self._previewed = changes
        text = self.query_one("#preview_text", PlainText)
        text.update("\n".join(preview_lines(found, reason_name)))
        text.display = True
        self.offer(self.desk.view)

    def _drop_preview(self) -> None:
        # An answer that is still to come is about what was typed before.
        self._asked += 1
        self._previewed = None
        text = self.query_one("#preview_text", PlainText)
        if text.display:
            text.display = False
            self.offer(self.desk.view)

    def _take_terms(self, terms: PricingTerms) -> None:
        if not self.is_attached or not terms.presets:
            return
        self._presets, self._problems = terms.presets, terms.problems
        row = self.query_one("#presets", Horizontal)
        row.mount(FormChoice((AS_IT_IS, *terms.presets), id="preset"))
        row.display = True
        if terms.problems:
            self._warn(terms.problems)

    def _warn(self, sentences: Sequence[str]) -> None:
        self.show_message(Message("\n".join(sentences), "warning") if sentences else None)
