"""Rows of a form of values: a label, the value, its unit, and how much of it is used."""

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cockpit.model.pricing.pricing_set import PricingField
from cockpit.model.pricing.value_texts import Value, shown_unit, value_text
from panels.kit.form_fields import EntryInput
from panels.kit.rows.cells import Cell, Line, fit, line_strip, line_width
from panels.kit.theme import styles


class ValueRows(Widget):
    """The inputs of values, one a line; the id of an input is the name of its value.

    Only they are widgets: what stands beside them is drawn by the line, since each widget costs a dialog a millisecond
    until it is shown. ``inputs`` has them by the names.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "ValueRows { layout: vertical; overflow: hidden hidden; }"

    def __init__(self, fields: Sequence[PricingField], values: Mapping[str, Value]) -> None:
        super().__init__()
        self.fields = {field.name: field for field in fields}
        self.inputs = {name: _entry(field, values[name]) for name, field in self.fields.items()}
        self._rows = tuple(self.fields)
        self._uses: dict[str, Line] = {}
        # One cell before the unit, and one between the longest and what is used.
        self._unit_width = max(cell_len(shown_unit(field)) for field in fields) + 2
        self.styles.height = len(self._rows)

    def compose(self) -> ComposeResult:
        yield from self.inputs.values()

    @property
    def texts(self) -> dict[str, str]:
        """What stands in the inputs, by the names of the values."""
        return {name: entry.value for name, entry in self.inputs.items()}

    def show_uses(self, uses: Mapping[str, Line]) -> None:
        """Show how much of each value is used; nothing beside a value that is not named."""
        changed = [y for y, name in enumerate(self._rows) if uses.get(name) != self._uses.get(name)]
        self._uses = dict(uses)
        if changed and self.size:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        field = self.fields[self._rows[y]]
        entry = self.inputs[field.name]
        line: Line = (
            Cell(fit(field.label, entry.styles.margin.left, "left"), "muted"),
            Cell(" " * entry.size.width),
            Cell(fit(f" {shown_unit(field)}", self._unit_width, "left"), "muted"),
        )
        use = _cut(self._uses.get(field.name, ()), width - line_width(line))
        return line_strip((*line, *use), width, styles(self.app.theme), self.rich_style)


def _entry(field: PricingField, value: Value) -> EntryInput:
    entry = EntryInput(id=field.name, compact=True)
    entry.cursor_blink = False
    with entry.prevent(EntryInput.Changed):  # Nobody has typed it: no form has to read all of its values again.
        entry.value = value_text(field, value)
    return entry


def _cut(line: Line, room: int) -> Iterable[Cell]:
    """Yield as much of a line as there is room for, with an ellipsis where it ends early."""
    for cell in line:
        length = cell_len(cell.text)
        yield cell._replace(text=fit(cell.text, min(length, max(0, room)), "left"))
        room -= length
