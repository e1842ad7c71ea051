"""A terminal that stops reading must cost no more than an old picture.

Textual's own writer holds thirty writes and then blocks the app in the thirty-first: on a stalled ssh link no key acts
any more. Here writes never block; while they do not leave, frames are skipped, and once they have left the whole screen
is painted again.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from textual import events
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.notifications import SeverityLevel

from cockpit.app.terminal.paint_log import Painted, PaintLog
from cockpit.app.terminal.sgr_compression import thin
from cockpit.model.printable import printable
from panels.kit.textual_internals import (
    SkippingApp,
    app_driver,
    driver_writer,
    paint_again_when_resumed,
    post_to_app,
    replace_writer,
)

T = TypeVar("T")

BEHIND_S = 0.25
"""A write that has not left for so long means that the terminal does not keep up; a frame usually takes 1 ms."""
MAX_QUEUED_BYTES = 256 * 1024
"""What is not a frame (bells, notifications, the clipboard) is dropped beyond this."""
STALE_PICTURE_S = 2.0
STOP_WITHIN_S = 2.0
ANSWER_WITHIN_S = 0.3


class OutputThread(threading.Thread):
    """Writes to a file descriptor in the background. Nothing waits for it: ``write`` only appends.

    ``drained`` is called in this thread once everything has left after a stall, ``lost`` once writing fails, and
    ``written`` with each mark once all that was written up to it has left.
    """

    def __init__(
        self,
        descriptor: int,
        drained: Callable[[], None],
        lost: Callable[[], None],
        written: Callable[[Painted], None] = lambda _: None,
    ) -> None:
        super().__init__(daemon=True, name="terminal-output")
        self._descriptor = descriptor
        self._drained = drained
        self._lost = lost
        self._written = written
        self._queue: deque[bytes] = deque()
        self._marks: list[Painted] = []
        self._queued_bytes = 0
        self._waiting_since_s: float | None = None
        self._drained_due = False
        self._stopping = False
        self._closed = False
        self._changed = threading.Condition(threading.RLock())

    @property
    def behind(self) -> bool:
        """Return whether the terminal does not keep up. A frame skipped because of it is followed by ``drained``."""
        with self._changed:
            since_s = self._waiting_since_s
            late = since_s is not None and monotonic() - since_s > BEHIND_S
            self._drained_due = self._drained_due or late
            return late

    def mark(self, painted: Painted, text: str) -> None:
        """Write what marks the end of a picture."""
        with self._changed:
            if not self._closed and self._queued_bytes <= MAX_QUEUED_BYTES:
                self.write(text)
                self._marks.append(painted)

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        with self._changed:
            if not data or self._closed or self._queued_bytes > MAX_QUEUED_BYTES:
                return
            if self._waiting_since_s is None:
                self._waiting_since_s = monotonic()
            self._queue.append(data)
            self._queued_bytes += len(data)
            self._changed.notify()

    def flush(self) -> None:
        pass  # Everything is written as soon as it can be.

    def run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._stopping:
                    self._changed.wait()
                if not self._queue:
                    return
                data = b"".join(self._queue)
                self._queue.clear()
                marks, self._marks = self._marks, []
            if self._write(data):
                for painted in marks:
                    self._written(painted)
            with self._changed:
                self._queued_bytes -= len(data)
                left = not self._queue
                self._waiting_since_s = None if left else monotonic()
                was_due, self._drained_due = self._drained_due, self._drained_due and not left
                drained = left and was_due
            if drained:
                self._drained()

    def _write(self, data: bytes) -> bool:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except InterruptedError:
                continue
            except OSError:
                with self._changed:
                    self._closed = True
                self._lost()
                return False
        return True

    def stop(self) -> None:
        """Write what is left and end; give up after two seconds on a terminal that does not read."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self.join(STOP_WITHIN_S)


class NonBlockingDriver(LinuxDriver):
    """Textual's driver with an output that never makes the app wait, and that knows what the terminal has taken."""

    _paint_log: PaintLog | None = None
    _has_terminal = False

    def start_application_mode(self) -> None:
        if self._has_terminal:
            # Woken by SIGCONT without having given the terminal back, as after SIGSTOP, or a container that was frozen.
            # A second reader would take every other key, and the terminal would stay raw at the end.
            self.suspend_application_mode()
            paint_again_when_resumed(self)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        replace_writer(self, self._start_output)
        self._has_terminal = True

    def stop_application_mode(self) -> None:
        self._has_terminal = False
        super().stop_application_mode()

    def _start_output(self, descriptor: int) -> OutputThread:
        log = self._paint_log = PaintLog()
        output = OutputThread(
            descriptor, lambda: self._post(Drained()), lambda: self._post(TerminalLost()), log.written
        )
        output.start()
        return output

    def write(self, data: str) -> None:
        super().write(thin(data))

    def process_message(self, message: Message) -> None:
        if self._paint_log is None or not self._paint_log.take(message):
            super().process_message(message)

    def disable_input(self) -> None:
        if self._paint_log is not None:
            self._paint_log.await_answers(ANSWER_WITHIN_S)
        super().disable_input()

    def mark_painted(self, painted: Painted) -> bool:
        """Mark that the picture written last shows this snapshot; return False while frames are left out."""
        writer = driver_writer(self)
        if not isinstance(writer, OutputThread) or self._paint_log is None or writer.behind:
            return False
        writer.mark(painted, self._paint_log.mark(painted))
        return True

    @property
    def painted(self) -> Painted | None:
        """Return the newest snapshot that the terminal has taken."""
        return None if self._paint_log is None else self._paint_log.newest

    @property
    def behind(self) -> bool:
        writer = driver_writer(self)
        return isinstance(writer, OutputThread) and writer.behind

    def _post(self, message: Message) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed: there is no app any more.
            post_to_app(self, message)


class Drained(Message):
    """The terminal has caught up with everything."""


class TerminalLost(Message):
    """The terminal was closed."""


class NonBlockingApp(SkippingApp[T], Generic[T]):
    """Skips frames while the terminal does not keep up, and paints the whole screen once it does."""

    _skipping_since_s: float | None = None

    @property
    def picture_is_stale(self) -> bool:
        """Return whether the terminal's picture is so old that a key was not pressed on what is true now."""
        return self._skipping_since_s is not None and monotonic() - self._skipping_since_s > STALE_PICTURE_S

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return NonBlockingDriver if found is LinuxDriver else found

    def skips_frame(self) -> bool:
        driver = app_driver(self)
        skips = isinstance(driver, NonBlockingDriver) and driver.behind
        if skips:
            self._skipping_since_s = self._skipping_since_s or monotonic()
        return skips

    def mark_painted(self, painted: Painted) -> bool:
        """Mark that the picture written last shows this snapshot; return False if frames were left out."""
        driver = app_driver(self)
        return isinstance(driver, NonBlockingDriver) and self._skipping_since_s is None and driver.mark_painted(painted)

    @property
    def painted(self) -> Painted | None:
        """Return the newest snapshot that the terminal has taken; None without a terminal."""
        driver = app_driver(self)
        return driver.painted if isinstance(driver, NonBlockingDriver) else None

    def emit(self, sequence: str) -> None:
        """Write an escape sequence to the terminal, between two frames."""
        driver = app_driver(self)
        if sequence and driver is not None and not self.is_headless:
            driver.write(sequence)

    def copy_to_clipboard(self, text: str) -> None:
        # What is pasted may go to another terminal.
        super().copy_to_clipboard(printable(text))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        shown = printable(message, lines=True)
        super().notify(shown, title=printable(title), severity=severity, timeout=timeout, markup=markup)

    def on_terminal_lost(self) -> None:
        # Also where SIGHUP is ignored, as under nohup: without a terminal nobody watches or commands.
        self.exit()

    def on_resize(self, _event: events.Resize) -> None:
        # A terminal that shrank has lost lines. Where it has grown again by now nothing has changed here, so that no
        # widget would be painted.
        if self.screen_stack:
            self.screen.refresh()

    def on_drained(self) -> None:
        # Everything on the terminal may be old.
        self._skipping_since_s = None
        if self.screen_stack:
            self.screen.refresh()
