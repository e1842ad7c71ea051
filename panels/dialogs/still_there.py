"""The question whether anybody is there, which the desk asks before it acts for want of a key; any key answers."""

from collections.abc import Iterable

from textual.widget import Widget

from cockpit.model.formatting import age, time_left
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.kit.labels import ACTS_ALONE
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View


def question(snapshot: Snapshot, quiet_ms: int = 0) -> str:
    """Say how long no key was pressed, and what the desk does when."""
    since = "" if snapshot.sign_age_ms is None else f" for {age(snapshot.sign_age_ms + quiet_ms)}"
    left = time_left(max(0, (snapshot.idle_left_ms or 0) - quiet_ms))
    return f"No key was pressed{since}. The desk {ACTS_ALONE[snapshot.when_alone]} in {left}."


class StillThereDialog(Dialog[None]):
    """Closes by itself once the desk asks no more. The app takes every key and click while it is open."""

    ESCAPE = messages.ANY_KEY_ANSWERS

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, messages.STILL_THERE)
        self._shown = ""
        self._answered = False

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield PlainText("", id="facts")

    def end(self) -> None:
        """Close once, from wherever it is called: the app, which closes it too, must not wait for itself."""
        if not self._answered:
            self._answered = True
            self.call_later(self.action_back)

    def paint(self, view: View) -> None:
        super().paint(view)
        snapshot = view.snapshot
        if snapshot is None or snapshot.idle_left_ms is None:
            self.end()
            return
        text = question(snapshot, view.quiet_ms)
        if text != self._shown:
            self._shown = text
            self.query_one("#facts", PlainText).update(text)
