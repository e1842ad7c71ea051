"""SIGTERM and SIGHUP end the app in order, so that the terminal is left as it was found."""

import asyncio
import os
import signal
from collections.abc import Callable

WITHIN_S = 3
"""A terminal that takes nothing any more does not keep the process: the kernel ends it then."""


class EndSignals:
    """Calls ``end`` at the first of the signals; ``reraise`` ends the process by it once the terminal is restored."""

    def __init__(self) -> None:
        self._got: signal.Signals | None = None

    def watch(self, end: Callable[[], object]) -> None:
        """Watch in the running loop. A signal that is ignored, as SIGHUP under nohup, stays so."""
        loop = asyncio.get_running_loop()

        def act(number: signal.Signals) -> None:
            self._got = number
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(WITHIN_S)
            end()

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:
                loop.add_signal_handler(number, act, number)

    def reraise(self) -> None:
        """End as the signal would have ended the process; does nothing when none came."""
        if self._got is not None:
            signal.signal(self._got, signal.SIG_DFL)
            os.kill(os.getpid(), self._got)
