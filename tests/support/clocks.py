"""Clocks that a test moves on."""

import time

from cockpit.model.environment import Environment


class Suspendable:
    """Clocks that run as a machine's do, and have run on after it was suspended."""

    def __init__(self) -> None:
        self._ahead_ns = 0
        self.env = Environment(monotonic_ns=self._monotonic_ns)

    def suspended_for(self, seconds: float) -> None:
        self._ahead_ns += round(seconds * 10**9)

    def _monotonic_ns(self) -> int:
        return time.monotonic_ns() + self._ahead_ns
