"""The drill-down: everything about one row, kept up to date while it is open."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from cockpit.model.snapshot import Snapshot
from panels.dialogs.dialog import Dialog
from panels.dialogs.outcome import Message
from panels.frame.tour_strip import Place
from panels.kit.cells import Cell, Detail, Line
from panels.kit.view import View


def detail_lines(detail: Detail) -> list[Line]:
    """A line a fact, the labels in a column of their own."""
    width = max((len(field.label) for field in detail.fields), default=0)
    return [(Cell(f"{field.label:>{width}}  ", "muted"), field.value) if field.label else () for field in detail.fields]


class RowDetails(Dialog[None]):
    """Shows a row's detail; ``find`` makes it from a snapshot, None when the row is gone from it."""

    PLACE: ClassVar[Place] = "row"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "back", show=False),
        Binding("y", "copy", show=False),
    ]

    def __init__(self, view: View, detail: Detail, find: Callable[[Snapshot], Detail | None]) -> None:
        super().__init__(view, detail.title)
        self._detail = detail
        self._find = find
        self._copied = 0

    def body(self) -> Iterable[Widget]:
        """The facts, scrolling."""
        with VerticalScroll(id="scroll"):
            yield Static(self.text(detail_lines(self._detail)), id="text")
        yield self._said
        copies = [field.label for field in self._detail.fields if field.copy]
        hint = f"y copies {', then '.join(copies)} · esc closes" if copies else "esc closes"
        yield Static(hint, id="hint", classes="hint", markup=False)

    def paint(self, view: View) -> None:
        """Keep the facts up to date for as long as the desk lists the row."""
        super().paint(view)
        if view.snapshot is None or view.frozen_ms is not None:
            return
        detail = self._find(view.snapshot)
        if detail is None:
            self.query_one("#hint", Static).update("the desk no longer lists this row · esc closes")
        elif detail != self._detail:
            self._detail = detail
            self.query_one("#text", Static).update(self.text(detail_lines(detail)))

    def action_copy(self) -> None:
        """Send the next fact worth copying to the terminal's clipboard."""
        fields = [field for field in self._detail.fields if field.copy]
        if fields:
            field = fields[self._copied % len(fields)]
            self._copied += 1
            self.app.copy_to_clipboard(field.value.text)
            self.tell(Message(f"sent to the terminal's clipboard: {field.label}", "information", True))
