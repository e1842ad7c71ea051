"""The time to which the board is rewound."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from panels.dialogs import messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.dialogs.trading.earned_since import read_since
from panels.kit.form_fields import FormEntry
from panels.kit.rows.plain_text import PlainText

TITLE = "Rewind to"
EXPLAINED = "All times are UTC: 08:30:15 of the day that is shown, 2026-11-25 08:30:15, or 90m, 6h, 7d before."
TAKES = "enter: shows this time"


class MomentDialog(Dialog[int]):
    """Returns the time, UTC ns. ``now_ns``: the present; ``shown_ns``: what the board shows. It commands nothing."""

    ESCAPE = messages.ESC_CANCELS

    def __init__(self, desk: DeskPort, now_ns: int, shown_ns: int) -> None:
        super().__init__(desk, TITLE)
        self._now_ns = now_ns
        self._shown_ns = shown_ns
        self._entry = FormEntry("moment", "time", placeholder="2026-11-25 08:30:15")

    def body(self) -> Iterable[Widget]:
        yield PlainText(EXPLAINED, id="meaning")
        yield self._entry

    def keys(self) -> Iterable[str]:
        yield TAKES

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._entry.show_problem("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.dismiss(read_since(self._entry.value, self._shown_ns, latest_ns=self._now_ns))
        except ValueError as error:
            self._entry.show_problem(str(error))
