"""What the first opening of a dialog does once, done before: modules are imported, and styles are parsed."""

import contextlib
import gc
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from textual.app import App
from textual.command import CommandInput, CommandList, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import LoadingIndicator

from cockpit.app.terminal.idle_work import IdlePlan
from cockpit.app.terminal.process import freeze_garbage
from panels.kit.textual_internals import add_default_styles, forget_drawn

MODULES = (
    # The first command to the desk, or the first question to it.
    "h11",
    "anyio",
    "certifi",
    "httpcore",
    "anyio.abc",
    "anyio.lowlevel",
    "anyio.streams.stapled",
    "anyio.streams.tls",
    "anyio.streams.memory",
    "anyio._core._sockets",
    "anyio._backends._asyncio",
    # The palette.
    "textual.system_commands",
    # The code of an address.
    "gzip",
    "http.client",
    "urllib.request",
    "xml.sax.saxutils",
    "segno",
)
"""What is imported late, in an order in which no step takes long: what others import comes before them."""
TEXTUAL_WIDGETS: tuple[type[Widget], ...] = (
    CommandInput,
    CommandList,
    Horizontal,
    LoadingIndicator,
    SearchIcon,
    Vertical,
)
"""Widgets that dialogs use as they are; those of this program bring what they are made from."""
YOUNGEST, YOUNG = 0, 1
"""Generations of the garbage collector."""
YOUNG_MOST = 12_000
"""Objects, about those of one dialog."""
PASSES, MOST_PASSES = 8, 24
"""Over young objects, before everything is collected: after a rest, and in any case."""
RESTS = 20
"""Of four a second."""
KINDS_A_STEP = 4
"""Classes of widgets: the styles of most are there already."""
OWN = ("cockpit.", "panels.")


def idle_plan() -> IdlePlan:
    """Return what a cockpit does while nobody presses a key."""
    return IdlePlan(steps=tuple(_steps()), rest=IdleGarbage().collect)


def own_widgets(base: type[Widget] = Widget) -> Iterator[type[Widget]]:
    """Yield every class of widgets of this program, dialogs included."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith(OWN):
            yield kind
        yield from own_widgets(kind)


def _steps() -> Iterator[Callable[[App[Any]], None]]:
    for name in MODULES:
        yield partial(_import, name)
    kinds = tuple(dict.fromkeys((*TEXTUAL_WIDGETS, *own_widgets())))
    for first in range(0, len(kinds), KINDS_A_STEP):
        yield partial(add_default_styles, kinds[first : first + KINDS_A_STEP])
    yield _freeze


def _import(name: str, _app: App[Any]) -> None:
    with contextlib.suppress(ImportError):  # A library may rename a part of itself: it is imported when it is used.
        import_module(name)


def _freeze(_app: App[Any]) -> None:
    freeze_garbage()


class IdleGarbage:
    """Collects what closed dialogs left before an opening has to: what is young, and everything after a longer rest,
    since that takes longer than a key may wait, or when there was none for too long.
    """

    def __init__(self) -> None:
        self._passes = 0
        self._rests = 0

    def collect(self) -> None:
        """Collect if it is worth it; called while no key waits."""
        self._rests += 1
        if self._passes >= MOST_PASSES or (self._passes >= PASSES and self._rests >= RESTS):
            forget_drawn()
            gc.collect()
            self._passes = 0
        elif gc.get_count()[YOUNGEST] > YOUNG_MOST:
            forget_drawn()
            gc.collect(YOUNG)
            self._passes += 1
            self._rests = 0
