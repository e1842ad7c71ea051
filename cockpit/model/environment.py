"""Clocks, randomness and ids in one object. A run with a seeded environment can be repeated exactly."""

import os
import random
import time
from collections.abc import Callable
from functools import partial

import msgspec


def _new_id() -> str:
    return os.urandom(8).hex()


_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux's monotonic clock stands still while the machine is suspended; this one runs on."""


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs from outside the program; tests pass their own.

    ``wall_ns``: UTC nanoseconds since the epoch. ``monotonic_ns``: nanoseconds of a clock that never jumps,
    and runs on while the machine is suspended.
    ``random_bytes``: so many random bytes, fit for nonces. ``new_id``: a unique id of 16 hex digits.
    ``jitter``: a number from 0 to below 1 that varies the pauses between attempts.
    """

    wall_ns: Callable[[], int] = time.time_ns
    monotonic_ns: Callable[[], int] = partial(time.clock_gettime_ns, _BOOT)
    random_bytes: Callable[[int], bytes] = os.urandom
    new_id: Callable[[], str] = _new_id
    jitter: Callable[[], float] = random.random
