"""The desk goes first: where a machine is too busy for both, what paints a terminal gives way to what quotes.

Linux shares a busy CPU by niceness within a session, and between sessions by that of each (man 7 sched, autogroup).
"""

import contextlib
import os
import socket
import struct
from pathlib import Path

NICE = 5
"""Enough that the desk hardly waits for a picture, and so little that a key is still heard at once."""

_SESSION = Path("/proc/self/autogroup")
_CREDENTIALS = struct.Struct("3i")


class LowPriority:
    """The niceness of this process and its session. Whatever is started before ``begin`` keeps the usual one."""

    def __init__(self, desk_socket: Path, session: Path = _SESSION) -> None:
        self._desk_socket = desk_socket
        self._session = session
        self._former = ""

    def begin(self) -> None:
        """Give way from now on, as far as the system lets it; the session does only when the desk is in another."""
        with contextlib.suppress(OSError):
            os.nice(NICE)
        with contextlib.suppress(OSError):
            former = self._session.read_text().rpartition("nice ")[2].strip()
            if not _in_this_session(self._desk_socket):
                self._session.write_text(str(NICE))
                self._former = former

    def end(self) -> None:
        """Give the session, which a shell shares, its former niceness again."""
        if self._former:
            with contextlib.suppress(OSError):
                self._session.write_text(self._former)


def _in_this_session(listening: Path) -> bool:
    """Whether who listens on the Unix socket is in this process's session. OSError when nobody does."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.connect(str(listening))
        told = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, _, _ = _CREDENTIALS.unpack(told)
    return os.getsid(pid) == os.getsid(0)
