"""Refusals of the venue that are no part of an auction: how many there were lately, and what the last one said."""

from cockpit.desk.risk.rate_window import RateWindow
from cockpit.model.environment import Environment

SHOWN = 120


class RejectionRate:
    """Counts quotes refused for a fault of ours within the last ``within_ms``; times are monotonic."""

    def __init__(self, within_ms: int, env: Environment) -> None:
        self.within_ms = within_ms
        self._monotonic_ns = env.monotonic_ns
        self._window = RateWindow(within_ms * 1_000_000)
        self._last = ""

    def note(self, error: str) -> None:
        """The relay refused a quote with these words."""
        self._window.note(self._monotonic_ns())
        self._last = " ".join(error.split())[:SHOWN]

    def count(self) -> int:
        """How many there were."""
        return self._window.count(self._monotonic_ns())

    @property
    def last(self) -> str:
        """What the last one said; empty before any."""
        return self._last
