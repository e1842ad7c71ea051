"""The line in which a panel's filter is typed."""

from collections.abc import Callable

from textual import events
from textual.message import Message
from textual.widgets import Input

from panels.kit.errors import InvalidFilterError
from panels.kit.rows.row_filter import (
    NO_HEADINGS,
    Fields,
    Headings,
    RowFilter,
    completed,
    field_names,
    parse,
    parse_typed,
)


def example(fields: Fields, headings: Headings) -> str:
    """Return a filter of this panel's own fields, to learn from."""
    names = field_names(fields, headings)
    texts = [name for name in names if fields[headings.get(name, name)] == "text"]
    numbers = [name for name in names if fields[headings.get(name, name)] == "number"]
    return " ".join([*(f"{name}:word" for name in texts[:1]), *(f"{name}>100" for name in numbers[:1]), "-word"])


class FilterLine(Input):
    """Hidden until it is opened. ``wanted`` is the filter in force, ``problem`` why the text cannot be read."""

    class Edited(Message):
        """The filter or the problem with its text has changed."""

    class Kept(Message):
        """Enter was pressed on a filter that can be read."""

    def __init__(self, fields: Fields, headings: Headings = NO_HEADINGS) -> None:
        super().__init__(placeholder=example(fields, headings), compact=True, classes="filter")
        self.cursor_blink = False
        self.display = False
        self.wanted: RowFilter | None = None
        self.problem = ""
        self._fields = fields
        self._headings = headings

    @property
    def in_use(self) -> bool:
        """Whether it is open, or a filter is in force."""
        return self.display or self.wanted is not None

    def open(self) -> None:
        """Show the line and put the keyboard into it."""
        self.display = True
        # At once, not after the next message: what is typed right behind the key belongs into the line.
        self.screen.set_focus(self)

    def drop(self) -> None:
        """Forget the filter and its text, without a message."""
        self.wanted, self.problem = None, ""
        with self.prevent(Input.Changed):
            self.value = ""

    def on_key(self, event: events.Key) -> None:
        if event.key == "tab" and (text := completed(self.value, self._fields, self._headings)) is not None:
            self.value = text
            self.cursor_position = len(text)
            event.stop()
            event.prevent_default()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._read(event.value, parse_typed)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        # What was typed is all of it now: a word that names a field is looked for, too.
        self._read(self.value, parse)
        if not self.problem:
            self.post_message(self.Kept())

    def _read(self, text: str, reading: Callable[[str, Fields, Headings], RowFilter]) -> None:
        try:
            wanted = reading(text, self._fields, self._headings)
        except InvalidFilterError as problem:  # While it cannot be read, the filter before it stays in force.
            self.problem = str(problem)
        else:
            self.problem = ""
            self.wanted = wanted if wanted.terms else None
        self.post_message(self.Edited())
