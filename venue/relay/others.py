"""How many requests are not for a market of ours: known only while the relay sends them."""

from collections import Counter
from collections.abc import Callable

import msgspec

from venue.protocol.units import NS_PER_MS, NS_PER_S


class OthersCounted(msgspec.Struct, frozen=True):
    """Requests for other pairs within a time, the newest count that was asked for."""

    count: int
    over_ns: int


class OtherPairs:
    """A count of a limited time, asked for by an operator. ``counters`` has the sum of the run in ``other_pairs``."""

    def __init__(self, counters: Counter[str], monotonic_ns: Callable[[], int]) -> None:
        self._counters = counters
        self._monotonic_ns = monotonic_ns
        self._since: tuple[int, int] | None = None
        self._until_ns = 0
        self._last: OthersCounted | None = None

    @property
    def counting(self) -> bool:
        return self._since is not None

    @property
    def left_ns(self) -> int:
        """Nanoseconds until the count ends, at least a millisecond while one is made; 0 when none is."""
        return 0 if self._since is None else max(NS_PER_MS, self._until_ns - self._monotonic_ns())

    @property
    def counted(self) -> OthersCounted | None:
        """The count that is being made, else the last one; None when there was none."""
        if self._since is None:
            return self._last
        began_ns, before = self._since
        return OthersCounted(self._counters["other_pairs"] - before, self._monotonic_ns() - began_ns)

    def start(self, seconds: float) -> None:
        """Count from now on, or for longer when a count is being made."""
        now_ns = self._monotonic_ns()
        if self._since is None:
            self._since = (now_ns, self._counters["other_pairs"])
        self._until_ns = now_ns + int(seconds * NS_PER_S)

    def stop(self) -> None:
        self._last, self._since = self.counted, None
