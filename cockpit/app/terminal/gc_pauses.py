"""Garbage collection out of the operator's way: a full pass over a cockpit's objects would hold a key up by 100 ms."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

SETTLED_S = 3.0


@contextmanager
def held() -> Iterator[None]:
    """Collect nothing while the program starts, until it settles or ends: what it makes then is there to stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Set what is there aside once and for all, and collect only what comes after it."""
    gc.collect()
    gc.freeze()
    gc.enable()


def settle_soon() -> None:
    """Do so once the first picture has been there for a while."""
    asyncio.get_running_loop().call_later(SETTLED_S, settle)
