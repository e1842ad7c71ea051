"""Rows of a form of values: a label, the value, its unit, and how much of it is used."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal

from cockpit.model.pricing.pricing_set import PricingField
from cockpit.model.pricing.value_texts import Value, shown_unit, value_text
from panels.kit.form_fields import EntryInput
from panels.kit.rows.plain_text import PlainLabel, PlainText


class ValueRow(Horizontal):
    """The input of a value; its id is the name of the value."""

    def __init__(self, field: PricingField, value: Value) -> None:
        super().__init__(classes="field value-row")
        self.field = field
        self.input = EntryInput(value_text(field, value), id=field.name, compact=True)
        self.input.cursor_blink = False
        self._use = PlainText("", classes="use")
        self._shown = Text()

    def compose(self) -> ComposeResult:
        yield PlainLabel(self.field.label, classes="name")
        yield self.input
        yield PlainLabel(shown_unit(self.field), classes="unit")
        yield self._use

    def show_use(self, text: Text) -> None:
        """Show how much of the value is used."""
        if text != self._shown:
            self._shown = text
            self._use.update(text)
