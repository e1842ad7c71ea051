"""How often something happened within the last so many nanoseconds."""

from collections import deque


class RateWindow:
    """Counts what happened less than ``length_ns`` ago; ``at_ns`` may be of any clock, and always of the same one."""

    def __init__(self, length_ns: int) -> None:
        self._length_ns = length_ns
        self._times: deque[int] = deque()

    def note(self, at_ns: int) -> None:
        """It happened once more."""
        self._times.append(at_ns)

    def count(self, now_ns: int) -> int:
        """How often it did, of what is not too old by now."""
        times, since_ns = self._times, now_ns - self._length_ns
        while times and times[0] <= since_ns:
            times.popleft()
        return len(times)

    def frees_in_ns(self, now_ns: int) -> int:
        """How long until the oldest one counts no more; 0 when there is none."""
        self.count(now_ns)
        return self._times[0] + self._length_ns - now_ns if self._times else 0
