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
from panels.kit.rows.saved_filters import (
    MAX_NAMED,
    MAX_TEXT,
    NAME,
    NAME_RULE,
    WORDS,
    FilterCommand,
    SavedFilters,
    command,
    without_started,
)

NOTHING_TO_SAVE = "no filter to save; type it before the word save"


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
        self.saved = SavedFilters()
        self._fields = fields
        self._headings = headings

    def restore(self, saved: SavedFilters) -> None:
        """Take the filters of the last cockpit, the one that was in force with them."""
        self.saved = saved
        if saved.on:
            try:
                self._use(saved.last)
            except InvalidFilterError:
                self.saved = saved.used("")

    @property
    def known(self) -> str:
        """Say what can be typed here: the panel's fields, and the names of saved filters."""
        named = ", ".join(field_names(self._fields, self._headings))
        saved = ", ".join(self.saved.named)
        return (
            f"fields: {named}; tab completes\nsaved: {saved or 'none'}; save NAME keeps, forget NAME drops, ↑ the last"
        )

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
        self.saved = self.saved.used("")
        self._write("")

    def on_key(self, event: events.Key) -> None:
        if event.key == "up" and not self.value:
            self.value = self.saved.last
            self.cursor_position = len(self.value)
            event.stop()
            event.prevent_default()
        if event.key == "tab" and (text := completed(self.value, self._fields, self._headings)) is not None:
            self.value = text
            self.cursor_position = len(text)
            event.stop()
            event.prevent_default()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        asked = command(event.value)
        if asked is None:
            self._read(self._meant(without_started(event.value)), parse_typed)
        elif asked.before:
            self._read(self._meant(asked.before), parse_typed)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        asked = command(self.value)
        # What was typed is all of it now: a word that names a field is looked for, too.
        if asked is None:
            self._read(self._meant(self.value), parse)
        elif asked.before:
            self._read(self._meant(asked.before), parse)
        else:
            self.problem = ""
        if asked is not None and not self.problem:
            self._obey(asked)
        if self.problem:
            self.post_message(self.Edited())
            return
        text = "" if self.wanted is None else self.wanted.text
        self.saved = self.saved.used(text)
        self._write(text)
        self.post_message(self.Kept())

    def _meant(self, text: str) -> str:
        return self.saved.named.get(text.strip(), text)

    def _obey(self, asked: FilterCommand) -> None:
        text = "" if self.wanted is None else self.wanted.text
        if asked.word == "forget":
            self.problem = "" if asked.name in self.saved.named else f"no filter is saved as {asked.name or 'that'}"
            self.saved = self.saved.forgotten(asked.name)
        elif not NAME.fullmatch(asked.name):
            self.problem = f"save NAME: {NAME_RULE}"
        elif asked.name in {*WORDS, *self._fields, *self._headings}:
            self.problem = f"{asked.name} has a meaning of its own; save it by another name"
        elif not text or len(text) > MAX_TEXT:
            self.problem = (
                f"{len(text)} characters are too many to save; {MAX_TEXT} at most" if text else NOTHING_TO_SAVE
            )
        elif asked.name not in self.saved.named and len(self.saved.named) >= MAX_NAMED:
            self.problem = f"{MAX_NAMED} filters are saved; forget NAME makes room"
        else:
            self.saved = self.saved.saved(asked.name, text)

    def _use(self, text: str) -> None:
        self.wanted = parse(text, self._fields, self._headings)
        self._write(text)

    def _write(self, text: str) -> None:
        with self.prevent(Input.Changed):
            self.value = text

    def _read(self, text: str, reading: Callable[[str, Fields, Headings], RowFilter]) -> None:
        try:
            wanted = reading(text, self._fields, self._headings)
        except InvalidFilterError as problem:  # While it cannot be read, the filter before it stays in force.
            self.problem = str(problem)
        else:
            self.problem = ""
            self.wanted = wanted if wanted.terms else None
        self.post_message(self.Edited())
