"""The drill-down: everything about one row, kept up to date while it is open."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from cockpit.model.recorded.pages import RecordedText
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.dialogs.history.messages import NO_TRACE, READING
from panels.dialogs.history.port import Answer
from panels.dialogs.history.recorded_text import RecordedTextDialog
from panels.dialogs.outcome import Message
from panels.frame.tour_strip import Place
from panels.kit.rows.cells import Cell, Detail, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

Trace = Callable[[Answer[RecordedText]], None]
"""Reads the trace of a row's quote in the background, and answers later, once."""
OPENS_TRACE = "t: trace"


def detail_lines(detail: Detail) -> list[Line]:
    """Write a line per field, the labels in a column of their own."""
    width = max((len(field.label) for field in detail.fields), default=0)
    return [(Cell(f"{field.label:>{width}}  ", "muted"), field.value) if field.label else () for field in detail.fields]


class RowDetails(Dialog[None]):
    """``find`` makes the detail from a snapshot; None once the row is gone from it. ``trace`` reads what is recorded
    of its quote; None where there is none to read."""

    PLACE: ClassVar[Place] = "row"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "back", show=False),
        Binding("y", "copy", show=False),
        Binding("t", "trace", show=False),
    ]

    def __init__(
        self,
        desk: DeskPort,
        detail: Detail,
        find: Callable[[Snapshot], Detail | None],
        trace: Trace | None = None,
    ) -> None:
        super().__init__(desk, detail.title)
        self._trace = trace
        self._tracing = False
        self._detail = detail
        self._find = find
        self._copied = 0
        self._gone = False

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield PlainText(self.styled(detail_lines(self._detail)), id="text")
        yield self.message_line

    def keys(self) -> Iterable[str]:
        if self._gone:
            yield messages.ROW_IS_GONE
        yield from super().keys()

    def own_keys(self) -> Iterable[str]:
        if self._trace is not None:
            yield OPENS_TRACE
        copies = [field.label for field in self._detail.fields if field.copy]
        if copies:
            yield f"y copies {', then '.join(copies)}"

    def paint(self, view: View) -> None:
        super().paint(view)
        if view.snapshot is None or view.frozen_ms is not None:
            return
        detail = self._find(view.snapshot)
        if detail is None:
            self._gone = True
        elif detail != self._detail:
            self._detail = detail
            self.query_one("#text", PlainText).update(self.styled(detail_lines(detail)))

    def action_trace(self) -> None:
        """Open what is recorded of the row's quote."""
        if self._trace is None:
            self.answer_key(NO_TRACE)
        elif not self._tracing:
            self._tracing = True
            self.show_message(Message(READING, "information"))
            self._trace(self._traced)

    def _traced(self, found: RecordedText | str) -> None:
        self._tracing = False
        if not self.is_attached:
            return
        if isinstance(found, str):
            self.show_message(Message(found, "warning"))
        else:
            self.show_message(None)
            self.open_next(RecordedTextDialog(self.desk, found))

    def action_copy(self) -> None:
        """Copy the next field worth copying."""
        fields = [field for field in self._detail.fields if field.copy]
        if fields:
            field = fields[self._copied % len(fields)]
            self._copied += 1
            self.app.copy_to_clipboard(field.value.text)
            self.show_message(Message(messages.copied(field.label), "information", True))
