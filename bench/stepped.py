"""The program with a wall clock that SIGUSR1 sets a minute ahead: what a bench cannot do to the machine's own."""

import signal
import time

_real = time.time_ns
_by_ns = 0


def _stepped() -> int:
    return _real() + _by_ns


def _step(number: int, frame: object) -> None:
    global _by_ns
    _by_ns += 60 * 10**9


if __name__ == "__main__":
    time.time_ns = _stepped
    signal.signal(signal.SIGUSR1, _step)
    # Whoever imports the clock must find this one.
    from cockpit.cli.main import main

    main()
