"""Short pauses of a process beside the desk, in which others get its processor.

Linux lets a process that works go on for up to four milliseconds while another one waits for the same processor, even
where a second one is idle: a desk that was asked meanwhile, or a taker that was answered, would wait as long.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

SLICE_S = 0.00015
PAUSE_S = 1e-6
"""As short as Linux makes it: some 0.05 ms."""
MOST_PAUSED_S = 0.02
"""Until the next ``restart``. On a busy machine every pause takes long, and the work must not fall behind."""

T = TypeVar("T")


class Pauses:
    """Call it often: it pauses after each slice of work. ``restart`` it with each piece that must be done soon, such as
    a transaction or a picture. SQLite takes it as a progress handler.
    """

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._since = clock()
        self._left_s = MOST_PAUSED_S

    def restart(self) -> None:
        self._left_s = MOST_PAUSED_S

    def __call__(self) -> int:
        """Pause when it is time to; returns what makes SQLite go on."""
        now = self._clock()
        if now - self._since >= SLICE_S and self._left_s > 0:
            self._sleep(PAUSE_S)
            self._since = self._clock()
            self._left_s -= self._since - now
        return 0

    def among(self, items: Iterable[T]) -> Iterator[T]:
        """Yield the items, with a call after each."""
        for item in items:
            yield item
            self()
