"""Which snapshot the terminal has taken: what was written, and where the terminal answers, what it answered for.

A write that returned says little over ssh: the far end may be dead while megabytes still fit in between. So each mark
asks the terminal for its cursor's position, which every usual one answers. One that never does is judged by the writes.
"""

import threading
from collections import deque
from typing import NamedTuple

from textual.events import CursorPosition

MARKS = 16
"""Marks in a row that can be told apart."""
_ROW, _COLUMN = 2, 2
"""Where the cursor is put for the first mark; in the first row the answer could be taken for a key."""
PENDING = 8


class Painted(NamedTuple):
    """A snapshot: of which run of the desk, and its number."""

    run_id: str
    seq: int


class PaintLog:
    """Used by the app, the thread that writes and the one that reads keys."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._pending: deque[tuple[int, Painted]] = deque(maxlen=PENDING)
        self._count = 0
        self._written: Painted | None = None
        self._answered: Painted | None = None

    @property
    def newest(self) -> Painted | None:
        """Return the newest snapshot that the terminal has taken."""
        with self._lock:
            return self._written if self._answered is None else self._answered

    def mark(self, painted: Painted) -> str:
        """Return what to write behind the picture of this snapshot; the cursor stays where it is."""
        with self._lock:
            number = self._count = (self._count + 1) % MARKS
            self._pending.append((number, painted))
        return f"\x1b7\x1b[{_ROW};{_COLUMN + number}H\x1b[6n\x1b8"

    def written(self, painted: Painted) -> None:
        """Note that the write of this mark has returned."""
        with self._lock:
            self._written = painted

    def take(self, event: object) -> bool:
        """Take the terminal's answer to a mark; return False for anything else."""
        if not isinstance(event, CursorPosition):
            return False
        number = event.x + 1 - _COLUMN
        with self._lock:
            found = next((item for item in self._pending if item[0] == number and event.y + 1 == _ROW), None)
            if found is not None:
                while self._pending.popleft() is not found:
                    pass
                self._answered = found[1]
                self._lock.notify_all()
        return True

    def await_answers(self, within_s: float) -> None:
        """Wait for the answers that are due; what comes after the app has ended would be typed into the shell."""
        with self._lock:
            if self._answered is not None:
                self._lock.wait_for(lambda: not self._pending, within_s)
