"""How the operator learns what happened: by a toast, a fault that stays, the log, and the terminal's own means."""

from collections.abc import Callable
from typing import Any

from cockpit.app.notifications import FaultLog, FillCounter, Notification
from cockpit.app.terminal.driver import NonBlockingApp
from cockpit.app.terminal.escape_codes import notification
from cockpit.app.terminal.options import TerminalOptions
from panels.kit.notices import NoticeLog

TOAST_S = 8
WARNING_S = 12


class Alerts:
    """``title`` is the terminal's title, which its notifications carry. ``clock`` counts seconds."""

    def __init__(
        self,
        app: NonBlockingApp[Any],
        notices: NoticeLog,
        options: TerminalOptions,
        *,
        title: Callable[[], str],
        clock: Callable[[], float],
    ) -> None:
        self._app = app
        self._notices = notices
        self._options = options
        self._title = title
        self._clock = clock
        self._faults = FaultLog()
        self._fills = FillCounter()

    @property
    def faults(self) -> tuple[str, ...]:
        """Return the faults that nobody has acknowledged, oldest first."""
        return self._faults.texts

    def announce(self, item: Notification) -> None:
        """Tell the operator; a fault that is not acknowledged yet is not announced again."""
        if item.kind == "fill":
            self._fills.add(item)
            self.announce_fills()
            return
        if item.kind == "other":
            self._app.notify(item.text, markup=False, timeout=TOAST_S)
        elif item.text in self._faults.texts:
            return
        else:
            self._faults.add(item.text)
        if not item.journalled:  # The log lists the journal beside the notices.
            self._notices.note(item.text, "info" if item.kind == "other" else "bad")
        self._notify_outside(item)

    def announce_fills(self) -> None:
        """Announce the fills that wait, once their time has come; on the screen the status bar counts them."""
        fill = self._fills.take_due(self._clock())
        if fill is not None:
            self._notify_outside(fill)

    def warn(self, text: str) -> None:
        """Show what the operator must know and did not ask for; it stays in the log."""
        self._notices.note(text, "warn")
        self._app.notify(text, severity="warning", timeout=WARNING_S, markup=False)

    def call_operator(self, text: str) -> None:
        """Call whoever is near the terminal, by its own means alone: the picture asks already."""
        self._notices.note(text, "warn")
        self._app.emit(notification(self._title(), text, self._options.notify))

    def acknowledge(self) -> None:
        for text in self._faults.acknowledge():
            self._notices.note(f"acknowledged: {text}")

    def _notify_outside(self, item: Notification) -> None:
        if item.kind in self._options.occasions:
            self._app.emit(notification(self._title(), item.text, self._options.notify))
