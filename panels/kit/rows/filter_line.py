"""The line in which a panel's filter is typed."""

from textual.message import Message
from textual.widgets import Input

from panels.kit.errors import InvalidFilterError
from panels.kit.rows.row_filter import Fields, RowFilter, parse


class FilterLine(Input):
    """Hidden until it is opened. ``wanted`` is the filter in force, ``problem`` why the text cannot be read."""

    class Edited(Message):
        """The filter or the problem with its text has changed."""

    class Kept(Message):
        """Enter was pressed on a filter that can be read."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(placeholder="side:sell >100 -dust", compact=True, classes="filter")
        self.cursor_blink = False
        self.display = False
        self.wanted: RowFilter | None = None
        self.problem = ""
        self._fields = fields

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

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            wanted = parse(event.value, self._fields)
        except InvalidFilterError as problem:  # While it cannot be read, the filter before it stays in force.
            self.problem = str(problem)
        else:
            self.problem = ""
            self.wanted = wanted if wanted.terms else None
        self.post_message(self.Edited())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.problem:
            self.post_message(self.Kept())
