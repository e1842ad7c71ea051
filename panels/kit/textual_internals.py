"""The private names of Textual that the cockpit uses, each behind a function that says what for.

Textual may rename them in any release: tests/panels/kit/test_textual_internals.py names the one that is gone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import keys
from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.geometry import Size
from textual.screen import Screen
from textual.strip import Strip


class PrivateName(NamedTuple):
    """``owner`` is what has the name: a module, a class, or an instance where ``__init__`` sets it."""

    owner: object
    name: str
    used_for: str


def private_names() -> Sequence[PrivateName]:
    """List every private name in use, with what it is used for."""
    screen = Screen[Any]()
    return (
        PrivateName(keys, "_character_to_key", "naming the key that types a character"),
        PrivateName(DOMNode(), "_bindings", "giving a widget the operator's own keys"),
        PrivateName(screen, "_compositor", "reading the lines of a screen"),
        PrivateName(getattr(screen, "_compositor", None), "render_strips", "reading the lines of a screen"),
    )


def character_key(character: str) -> str:
    """Name the key that types this character, as Textual does: ``?`` is question_mark."""
    return keys._character_to_key(character)


def set_bindings(node: DOMNode, bindings: BindingsMap) -> None:
    """Replace the key bindings of a widget or app; Textual only offers to declare them in the class."""
    node._bindings = bindings


def screen_strips(screen: Screen[Any], size: Size | None = None) -> list[Strip]:
    """Return the lines of a screen as it would be painted now."""
    return screen._compositor.render_strips(size)
