"""The operator in front of this cockpit: what the terminal has taken, the last key, and the question whether anybody is
there.
"""

from collections.abc import Callable
from typing import Any

from textual import events

from cockpit.app.terminal.driver import NonBlockingApp
from cockpit.app.terminal.paint_log import Painted
from cockpit.model.commands import MAX_KEY_AGE_MS, OperatorReport
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.still_there import StillThereDialog
from panels.kit.view import View

MARK_EVERY_S = 2.0
ASK_AGAIN_S = 5.0
"""A key that answers reaches the desk within a second or two; a desk that still asks then is asked for again."""
SIGNS = (events.Key, events.Paste, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)


class OperatorPresence:
    """``ring`` announces the question outside of the picture, once. ``clock`` counts seconds."""

    def __init__(
        self,
        app: NonBlockingApp[Any],
        desk: DeskPort,
        *,
        view: Callable[[], View],
        ring: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._desk = desk
        self._view = view
        self._ring = ring
        self._clock = clock
        self._key_s: float | None = None
        self._marked_s = float("-inf")
        self._asked = False
        self._answered_s = float("-inf")

    def report(self) -> OperatorReport:
        """Return what the desk is told about the operator."""
        snapshot, painted = self._view().snapshot, self._app.painted
        # The numbers of another run of the desk say nothing to this one.
        current = painted is not None and snapshot is not None and painted.run_id == snapshot.run_id
        age_ms = None if self._key_s is None else max(0, int((self._clock() - self._key_s) * 1000))
        return OperatorReport(
            painted=painted.seq if painted is not None and current else None,
            key_age_ms=None if age_ms is None else min(age_ms, MAX_KEY_AGE_MS),
        )

    def take(self, event: events.Event, stops: Callable[[events.Key], bool]) -> bool:
        """Note a key, a click or a paste; return whether it only answers the question and must do nothing else.

        ``stops``: whether a key stops the desk; such a key answers and acts.
        """
        if not isinstance(event, SIGNS):
            return False
        self._key_s = self._clock()
        dialog = self._app.screen_stack[-1] if self._app.screen_stack else None
        if not isinstance(dialog, StillThereDialog):
            return False
        self._answered_s = self._key_s
        dialog.end()
        return not (isinstance(event, events.Key) and stops(event))

    def _mark(self, painted: Painted) -> None:
        if self._app.mark_painted(painted):
            self._marked_s = self._clock()

    def paint(self, view: View, *, shown: bool) -> None:
        """Mark the picture that is being painted, and ask if the desk asks.

        ``shown``: the board was painted before. Behind a dialog it is not: whoever answers must see it.
        """
        snapshot, now = view.snapshot, self._clock()
        if snapshot is None:
            return
        if now - self._marked_s >= MARK_EVERY_S:
            self._app.call_after_refresh(self._mark, Painted(snapshot.run_id, snapshot.seq))
        if view.read_only or not view.trusted or snapshot.idle_left_ms is None:
            self._asked = self._asked and snapshot.idle_left_ms is not None
            return
        if not shown or now - self._answered_s < ASK_AGAIN_S or isinstance(self._app.screen, StillThereDialog):
            return
        self._app.push_screen(StillThereDialog(self._desk))
        if not self._asked:
            self._asked = True
            self._ring()
