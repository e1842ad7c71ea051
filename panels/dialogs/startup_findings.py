"""What the desk's start found out about the run before: quotes that still bind, fills nobody saw, the opening proof."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from panels.dialogs.dialog import Dialog
from panels.kit.view import View

NOTHING = "The desk has not told of a former run: this is the first one of its history, or it has not been heard yet."


def told(view: View) -> str:
    """The findings, a paragraph each."""
    snapshot = view.snapshot
    if snapshot is None or not snapshot.findings:
        return NOTHING
    return "\n".join(f"· {finding}" for finding in snapshot.findings)


class StartupFindingsDialog(Dialog[None]):
    """Stays true while it is open: promises of the former run die one after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,q", "back", show=False)]

    def __init__(self, view: View) -> None:
        super().__init__(view, "What the start found")
        self._shown = ""

    def body(self) -> Iterable[Widget]:
        """The findings, scrolling where there is little room."""
        with VerticalScroll(id="scroll"):
            yield Static("", id="facts", markup=False)
        yield Static("esc closes", classes="hint")

    def paint(self, view: View) -> None:
        """Show the moment."""
        super().paint(view)
        text = told(view)
        if text != self._shown:
            self._shown = text
            self.query_one("#facts", Static).update(text)
