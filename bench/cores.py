"""Which cores a process may use, where the system lets one say so."""

import contextlib
import os
from collections.abc import Collection, Iterator

import msgspec


class Cores(msgspec.Struct, frozen=True):
    """A core for what is measured, and those for all else; empty where nothing can be pinned."""

    measured: tuple[int, ...] = ()
    others: tuple[int, ...] = ()


def two_sides() -> Cores:
    """Return the first core that this process may use, and the rest; none with a single one, or where none is told."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores()
    usable = sorted(os.sched_getaffinity(0))
    return Cores(tuple(usable[:1]), tuple(usable[1:])) if len(usable) > 1 else Cores()


@contextlib.contextmanager
def on_cores(cores: Collection[int]) -> Iterator[None]:
    """Have the processes that are started inside the block run on these alone; without any, where they like."""
    if not cores or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
