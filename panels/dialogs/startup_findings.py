"""What the startup reconciliation found about the previous run: live quotes, fills nobody saw, the opening balances."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from panels.dialogs import messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View


def findings_text(view: View) -> str:
    """List the findings, a paragraph each."""
    snapshot = view.snapshot
    if snapshot is None or not snapshot.findings:
        return messages.NO_FINDINGS
    return "\n".join(f"· {finding}" for finding in snapshot.findings)


class StartupFindingsDialog(Dialog[None]):
    """Kept up to date while it is open: live quotes of the previous run expire one after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,q", "back", show=False)]

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, messages.FINDINGS_TITLE)
        self._shown = ""

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield PlainText("", id="facts")

    def paint(self, view: View) -> None:
        super().paint(view)
        text = findings_text(view)
        if text != self._shown:
            self._shown = text
            self.query_one("#facts", PlainText).update(text)
