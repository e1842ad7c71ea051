"""A trace or a report, as lines to scroll through."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from cockpit.model.printable import printable
from cockpit.model.recorded.pages import RecordedText
from panels.dialogs import messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.kit.rows.plain_text import PlainText


class RecordedTextDialog(Dialog[None]):
    ESCAPE: ClassVar[str] = messages.ESC_BACK
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,q", "back", show=False)]

    def __init__(self, desk: DeskPort, text: RecordedText) -> None:
        super().__init__(desk, printable(text.title))
        self._text = text

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield PlainText(printable("\n".join(self._text.lines), lines=True), id="text")
