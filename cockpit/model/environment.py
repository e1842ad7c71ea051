"""Where time, chance and ids come from. A run with a seeded environment happens again in the same way."""

import os
import random
import time
from collections.abc import Callable

import msgspec


def _new_id() -> str:
    return os.urandom(8).hex()


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What comes from outside the program; tests hand in their own.

    ``wall_ns``: UTC nanoseconds since the epoch. ``monotonic_ns``: nanoseconds of a clock that is never set.
    ``random_bytes``: so many random bytes, fit for nonces. ``new_id``: an id of 16 hex digits, never given before.
    ``jitter``: a number from 0 to below 1, by which pauses between attempts differ.
    """

    wall_ns: Callable[[], int] = time.time_ns
    monotonic_ns: Callable[[], int] = time.perf_counter_ns
    random_bytes: Callable[[int], bytes] = os.urandom
    new_id: Callable[[], str] = _new_id
    jitter: Callable[[], float] = random.random
