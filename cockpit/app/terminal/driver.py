"""A terminal that stops reading must cost no more than stale pixels.

Textual's own writer holds thirty writes and then blocks the app in the thirty-first: on a stalled ssh link no key is
heard any more. Here writes never block; while they do not leave, frames are skipped, and once they have left the whole
screen is painted anew.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, TypeVar

from rich.console import RenderableType
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.screen import Screen

from cockpit.app.terminal.sgr_compression import thin

T = TypeVar("T")

BEHIND_S = 0.25
"""A write that has not left for so long means that the terminal does not keep up; a frame takes 1 ms otherwise."""
KEPT_BYTES = 256 * 1024
"""What is not a frame (bells, notifications, the clipboard) is dropped beyond this much."""
UNPAINTED_S = 2.0
END_WITHIN_S = 2.0


class OutputThread(threading.Thread):
    """Writes to a file descriptor in the background. Nothing waits for it: ``write`` only appends.

    ``drained`` is called in this thread when everything has left after a stall, ``lost`` when nothing can any more.
    """

    def __init__(self, descriptor: int, drained: Callable[[], None], lost: Callable[[], None]) -> None:
        super().__init__(daemon=True, name="terminal-output")
        self._descriptor = descriptor
        self._drained = drained
        self._lost = lost
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._since: float | None = None
        self._tell = False
        self._ending = False
        self._gone = False
        self._changed = threading.Condition()

    @property
    def behind(self) -> bool:
        """Whether the terminal does not keep up. Whoever skips a frame because of it is told by ``drained``."""
        with self._changed:
            since = self._since
            late = since is not None and monotonic() - since > BEHIND_S
            self._tell = self._tell or late
            return late

    def write(self, text: str) -> None:
        """Have it written, in its order."""
        data = text.encode("utf-8", "replace")
        with self._changed:
            if not data or self._gone or self._bytes > KEPT_BYTES:
                return
            if self._since is None:
                self._since = monotonic()
            self._waiting.append(data)
            self._bytes += len(data)
            self._changed.notify()

    def flush(self) -> None:
        """Everything is written as soon as it can be."""

    def run(self) -> None:
        """Write until it is stopped."""
        while True:
            with self._changed:
                while not self._waiting and not self._ending:
                    self._changed.wait()
                if not self._waiting:
                    return
                data = b"".join(self._waiting)
                self._waiting.clear()
            self._write(data)
            with self._changed:
                self._bytes -= len(data)
                left = not self._waiting
                self._since = None if left else monotonic()
                tell, self._tell = left and self._tell, self._tell and not left
            if tell:
                self._drained()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except InterruptedError:
                continue
            except OSError:
                with self._changed:
                    self._gone = True
                self._lost()
                return

    def stop(self) -> None:
        """Write what is left and end; a terminal that still does not read is left behind after two seconds."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self.join(END_WITHIN_S)


class NonBlockingDriver(LinuxDriver):
    """Textual's driver with an outlet that never makes the app wait."""

    def start_application_mode(self) -> None:
        """Start as always, and take over the writing."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None:
            self._writer_thread.stop()
        assert self._file is not None
        outlet = OutputThread(
            self._file.fileno(), lambda: self._tell(Drained()), lambda: self._tell(TerminalLostError())
        )
        outlet.start()
        self._writer_thread: Any = outlet

    def write(self, data: str) -> None:
        """Have it written, in as few bytes as it takes."""
        super().write(thin(data))

    @property
    def behind(self) -> bool:
        """Whether the terminal does not keep up."""
        return isinstance(self._writer_thread, OutputThread) and self._writer_thread.behind

    def _tell(self, message: Message) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody is left to be told.
            self._app.post_message(message)


class Drained(Message):
    """The terminal reads again, and has read everything."""


class TerminalLostError(Message):
    """The terminal was closed."""


class NonBlockingApp(App[T], Generic[T]):
    """An app that skips frames while its terminal does not read, and paints the whole screen once it does."""

    _skipping_since: float | None = None

    @property
    def unpainted(self) -> bool:
        """Whether the terminal's picture is so old that a key pressed now was not pressed on what is true now."""
        return self._skipping_since is not None and monotonic() - self._skipping_since > UNPAINTED_S

    def get_driver_class(self) -> type[Driver]:
        """The patient driver where Textual would take its own for this kind of system."""
        found = super().get_driver_class()
        return NonBlockingDriver if found is LinuxDriver else found

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(self._driver, NonBlockingDriver) and self._driver.behind:
            self._skipping_since = self._skipping_since or monotonic()
        else:
            super()._display(screen, renderable)

    def emit(self, sequence: str) -> None:
        """Write to the terminal itself, between two frames."""
        if sequence and self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def on_lost(self) -> None:
        """End, also where SIGHUP is ignored, as under nohup: without a terminal there is nobody to watch or command."""
        self.exit()

    def on_drained(self) -> None:
        """Everything on the terminal may be old: paint it all."""
        self._skipping_since = None
        if self.screen_stack:
            self.screen.refresh()
