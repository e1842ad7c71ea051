"""An event loop whose time passes only when nothing is left to do, and then at once."""

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

from venue.protocol.units import NS_PER_S
from venue.sandbox.virtual.errors import VirtualTimeError

START_NS = 1_767_225_600 * NS_PER_S
"""When virtual time starts: 1 January 2026, UTC."""


class _Time(selectors.BaseSelector):
    """Waits for nothing: what the loop would wait, passes."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        descriptor = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, descriptor, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise VirtualTimeError("nothing is left that could happen, and somebody still waits")
        self.now_s += max(0.0, timeout)
        return []

    def close(self) -> None:
        self._keys.clear()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at second 0. Sockets and threads never become ready on it."""

    def __init__(self) -> None:
        self._virtual = _Time()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now_s

    def elapsed_ns(self) -> int:
        """Return the virtual nanoseconds since the start."""
        return round(self._virtual.now_s * NS_PER_S)

    def utc_ns(self) -> int:
        return START_NS + self.elapsed_ns()
