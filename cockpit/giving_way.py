"""The desk goes first: where a machine is too busy for both, what paints a terminal gives way to what quotes.

Linux shares a busy CPU by niceness within a session, and between sessions by that of each (man 7 sched, autogroup).
"""

import os
from contextlib import suppress
from pathlib import Path

NICE = 5
"""Enough that the desk hardly waits for a picture, and so little that a key is still heard at once."""

_SESSION = Path("/proc/self/autogroup")


class GivingWay:
    """The niceness of this process and its session. Whatever is started before ``begin`` keeps the usual one."""

    def __init__(self, session: Path = _SESSION) -> None:
        self._session = session
        self._former = ""

    def begin(self) -> None:
        """Give way from now on, as far as the system lets it."""
        with suppress(OSError):
            os.nice(NICE)
        with suppress(OSError):
            self._former = self._session.read_text().rpartition("nice ")[2].strip()
            self._session.write_text(str(NICE))

    def end(self) -> None:
        """Give the session, which a shell shares, its former niceness again."""
        if self._former:
            with suppress(OSError):
                self._session.write_text(self._former)
