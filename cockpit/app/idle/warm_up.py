"""What the first opening of a dialog does once, done before: modules are imported, and styles are parsed."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from textual.app import App
from textual.command import CommandInput, CommandList, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import LoadingIndicator

from cockpit.app.idle.garbage import IdleGarbage
from cockpit.app.idle.work import IdlePlan
from cockpit.app.terminal.process import freeze_garbage
from panels.kit.textual_internals import add_default_styles

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
