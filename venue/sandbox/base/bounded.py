"""What a venue remembers for its whole life has a bound: counts by name, and the newest of what came."""

from collections import Counter
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

MOST_NAMES = 1_000
"""Names that are counted one by one; they come from outside."""


def tally(counts: Counter[_K], name: _K, others: _K) -> None:
    """Count ``name``; under ``others`` once there are too many names."""
    counts[name if name in counts or len(counts) < MOST_NAMES else others] += 1


class Newest(dict[_K, _V]):
    """A dict of what came last: past ``most`` entries the first is dropped. Changing one moves nothing."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: _K, value: _V) -> None:
        super().__setitem__(key, value)
        while len(self) > self._most:
            del self[next(iter(self))]
