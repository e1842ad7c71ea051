"""How often something happened lately: quotes sent, fills, and quotes refused for a fault of the desk."""

from collections import deque
from collections.abc import Callable

from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS, NS_PER_S

MINUTE_NS = 60 * NS_PER_S
MAX_SHOWN = 120
"""Characters kept of the relay's error text."""


class RateWindow:
    """Counts what happened less than ``length_ns`` ago; ``at_ns`` may be of any clock, and always of the same one."""

    def __init__(self, length_ns: int) -> None:
        self._length_ns = length_ns
        self._times: deque[int] = deque()

    def note(self, at_ns: int) -> None:
        self._times.append(at_ns)

    def count(self, now_ns: int) -> int:
        times, since_ns = self._times, now_ns - self._length_ns
        while times and times[0] <= since_ns:
            times.popleft()
        return len(times)

    def frees_in_ns(self, now_ns: int) -> int:
        """How long until the oldest one counts no more; 0 when there is none."""
        self.count(now_ns)
        return self._times[0] + self._length_ns - now_ns if self._times else 0


class LargestWindow:
    """The largest amount of the last so many minutes, this one included; ``at_ns`` is of one clock."""

    def __init__(self, minutes: int) -> None:
        self._minutes = minutes
        self._falling: deque[tuple[int, int]] = deque()
        """Minutes with their largest amounts, each less than the one before: one entry a minute at most."""

    def note(self, at_ns: int, amount: int) -> None:
        falling, minute = self._falling, at_ns // MINUTE_NS
        while falling and falling[-1][1] <= amount:
            falling.pop()
        if not falling or falling[-1][0] != minute:
            falling.append((minute, amount))

    def largest(self, now_ns: int) -> int:
        """Return the largest amount; 0 without any."""
        falling, first = self._falling, now_ns // MINUTE_NS - self._minutes + 1
        while falling and falling[0][0] < first:
            falling.popleft()
        return falling[0][1] if falling else 0


class RejectionRate:
    """Counts quotes refused for a fault of the desk within the last ``within_ms``; ``last``: the last error, or empty.

    Refusals that are part of an auction are not noted here. ``on_fault`` gets the text of each.
    """

    def __init__(self, within_ms: int, env: Environment, *, on_fault: Callable[[str], None] | None = None) -> None:
        self._on_fault = on_fault
        self.within_ms = within_ms
        self.last = ""
        self._monotonic_ns = env.monotonic_ns
        self._window = RateWindow(within_ms * NS_PER_MS)

    def note(self, error: str) -> None:
        self._window.note(self._monotonic_ns())
        self.last = " ".join(error.split())[:MAX_SHOWN]
        if self._on_fault is not None:
            self._on_fault(error)

    def count(self) -> int:
        return self._window.count(self._monotonic_ns())
