"""This process beside the desk: garbage collection out of the operator's way, and a lower priority than the desk's.

A full collection of a cockpit's objects would hold a key up by 100 ms. On a machine too busy for both, what paints a
terminal must give way to what quotes: Linux shares a busy CPU by niceness within a session, and between sessions by
that of each (man 7 sched, autogroup). Nothing here imports Textual: the command line imports it at every start.
"""

import contextlib
import gc
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

RARE_GC = (200_000, 20, 50)
"""Thresholds of the garbage collector: dialogs are opened without a pass; IdleGarbage collects what they leave."""
NICENESS = 5
"""Enough that the desk hardly waits for a picture, and so little that a key is still answered at once."""

_SESSION = Path("/proc/self/autogroup")
_CREDENTIALS = struct.Struct("3i")


@contextlib.contextmanager
def gc_paused() -> Iterator[None]:
    """Collect no garbage while the program starts: the objects it makes then are there to stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def freeze_garbage() -> None:
    """Exempt every object that exists from collection, and collect again what comes after."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARE_GC)
    gc.enable()


class LowPriority:
    """The niceness of this process and its session. A process started before ``lower`` keeps the usual one."""

    def __init__(self, desk_socket: Path, session: Path = _SESSION) -> None:
        self._desk_socket = desk_socket
        self._session = session
        self._previous = ""

    def lower(self) -> None:
        """Give way, as far as the system allows it; the session does only where the desk is in another one."""
        with contextlib.suppress(OSError):
            os.nice(NICENESS)
        with contextlib.suppress(OSError):
            previous = self._session.read_text().rpartition("nice ")[2].strip()
            if not _in_this_session(self._desk_socket):
                self._session.write_text(str(NICENESS))
                self._previous = previous

    def restore(self) -> None:
        """Give the session, which a shell shares, its previous niceness again."""
        if self._previous:
            with contextlib.suppress(OSError):
                self._session.write_text(self._previous)


def _in_this_session(listening: Path) -> bool:
    # Whether the process that listens on the Unix socket is in this session. Raises OSError when none does.
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.connect(str(listening))
        credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, _, _ = _CREDENTIALS.unpack(credentials)
    return os.getsid(pid) == os.getsid(0)
