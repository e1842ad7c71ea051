"""Short pauses of the process that writes a history, in which others get its processor.

Linux lets a process that works go on for up to four milliseconds while another one waits for the same processor, even
where a second one is idle: a desk that was asked meanwhile, or a taker that was answered, would wait as long.
"""

import time
from collections.abc import Callable

STEPS = 1_000
"""Of SQLite's machine between two pauses: about 0.2 ms."""
PAUSE_S = 1e-6
"""As short as Linux makes it: some 0.05 ms."""
MOST_PAUSED_S = 0.02
"""In one transaction. On a busy machine every pause takes long, and the history must not fall behind."""


class Pauses:
    """A progress handler of SQLite. ``restart`` it before each transaction."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._left_s = MOST_PAUSED_S

    def restart(self) -> None:
        self._left_s = MOST_PAUSED_S

    def __call__(self) -> int:
        """Pause, and return what makes SQLite go on."""
        if self._left_s > 0:
            began = self._clock()
            self._sleep(PAUSE_S)
            self._left_s -= self._clock() - began
        return 0
