"""Fewer bytes must be the same picture: a terminal that is given either shows the same."""

from typing import NamedTuple

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

from cockpit.app.terminal.sgr_compression import thin

COLUMNS, LINES = 40, 8
COLOURS = st.sampled_from([None, "default", "red", "bright_blue", "color(123)", "#15202b", "#b9c4cd"])
FLAGS = st.sampled_from([None, None, None, True])
STYLES = st.builds(Style, color=COLOURS, bgcolor=COLOURS, bold=FLAGS, italic=FLAGS, underline=FLAGS, reverse=FLAGS)
TEXTS = st.one_of(st.text(st.sampled_from("ab ─▌"), max_size=6), st.text(" ", min_size=1, max_size=6))


def piece(style: Style, text: str) -> str:
    return Strip.render_style(style, text, ColorSystem.TRUECOLOR)


PIECES = st.builds(piece, STYLES, TEXTS)
MOVES = st.builds(lambda y, x: f"\x1b[{y};{x}H", st.integers(1, LINES - 1), st.integers(1, 8))
ERASING = st.sampled_from(["\x1b[K", "\x1b[2J", "\n"])


class Look(NamedTuple):
    text: str
    ink: str
    ground: str
    manner: tuple[bool, ...]


def picture(text: str) -> list[Look]:
    """What a terminal shows; of a blank only what can be seen of it."""
    screen = pyte.Screen(COLUMNS, LINES)
    pyte.Stream(screen).feed(text)
    shown = []
    for y in range(LINES):
        for x in range(COLUMNS):
            cell = screen.buffer[y][x]
            drawn = cell.data != " " or cell.underscore or cell.reverse
            manner = (cell.bold, cell.italics, cell.underscore, cell.reverse) if drawn else ()
            shown.append(Look(cell.data, cell.fg if drawn else "", cell.bg, manner))
    return shown


@given(st.lists(st.one_of(PIECES, PIECES, MOVES, ERASING), max_size=20).map("".join))
def test_the_picture_is_the_same_and_the_pen_is_plain_behind_it(frame: str) -> None:
    assert picture(thin(frame) + "\x1b[8;1Hx") == picture(frame + "\x1b[8;1Hx")


def test_a_colour_is_said_once() -> None:
    ground, ink = "48;2;21;27;33", "38;2;185;196;205"
    row = f"\x1b[{ink};{ground}mage\x1b[0m\x1b[38;2;1;1;1;{ground}m  \x1b[0m\x1b[1;{ink};{ground}mside\x1b[0m"
    assert thin(row) == f"\x1b[{ink};{ground}mage  \x1b[1mside\x1b[0m"


def test_what_is_not_known_is_left_alone() -> None:
    for text in ("plain", "\x1b[?25l", "\x1b[1mx\x1b[22my\x1b[0m", "\x1b[38;9;1mx\x1b[0m"):
        assert thin(text) == text
