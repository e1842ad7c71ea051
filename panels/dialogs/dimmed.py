"""The screen behind a dialog, dimmed."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.css.styles import RulesMap
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style as BaseStyle
from textual.visual import RenderOptions, Visual

from panels.kit.textual_internals import screen_strips
from panels.kit.theme import faded

DIMMED = Style(meta={"dimmed": True})
"""Marks what is dimmed already: a dialog over another one draws the board through both."""


@lru_cache(maxsize=1024)
def dimmed(style: Style, colour: Color, theme: str) -> Style:
    """Return ``style`` seen through a translucent colour, once however many dialogs it is behind, and without anything
    to click. The terminal's own colours cannot be mixed: all of them take the one look of the theme.
    """
    if style.meta.get("dimmed"):
        return style
    look = faded(theme)
    if look is not None:
        return look + DIMMED
    ink, ground = style.color, style.bgcolor
    return (
        style.clear_meta_and_links()
        + Style(
            color=None if ink is None else (Color.from_rich_color(ink) + colour).rich_color,
            bgcolor=None if ground is None else (Color.from_rich_color(ground) + colour).rich_color,
        )
        + DIMMED
    )


class DimmedLines:
    """The lines of the screen behind a dialog as they were drawn last, kept until that screen is painted again.

    To draw a board of 200×60 takes as long as all else of a dialog, which is drawn several times until it stands.
    """

    def __init__(self) -> None:
        self._drawn_for: object = None
        self._lines: list[Strip] = []

    def forget(self) -> None:
        self._drawn_for = None

    def get(self, drawn_for: object, draw: Callable[[], list[Strip]]) -> list[Strip]:
        """Return the lines; they are drawn where they were not, or for something else."""
        if drawn_for != self._drawn_for:
            self._lines = draw()
            self._drawn_for = drawn_for
        return self._lines


class Dimmed(Visual):
    """A screen seen through a translucent colour.

    It is what Textual draws behind a modal screen in a third of the time: a dialog is drawn several times until its
    layout stands, and each time with everything behind it.
    """

    def __init__(self, screen: Screen[object], colour: Color, theme: str, kept: DimmedLines) -> None:
        self._screen = screen
        self._colour = colour
        self._theme = theme
        self._kept = kept

    def render_strips(self, width: int, height: int | None, style: BaseStyle, options: RenderOptions) -> list[Strip]:
        drawn_for = (width, height, self._screen.size, self._colour, self._theme)
        return self._kept.get(drawn_for, lambda: self._draw(width, height))

    def _draw(self, width: int, height: int | None) -> list[Strip]:
        return [self._dim(strip).adjust_cell_length(width) for strip in screen_strips(self._screen)[:height]]

    def _dim(self, strip: Strip) -> Strip:
        colour, theme = self._colour, self._theme
        segments = [Segment(text, dimmed(style, colour, theme) if style else style) for text, style, _ in strip]
        return Strip(segments, strip.cell_length)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._screen.size.height


def dimmed_behind(rendered: object, theme: str, kept: DimmedLines) -> Any:
    """Return what a screen renders, with what is behind it dimmed."""
    if isinstance(rendered, BackgroundScreen):
        return Dimmed(rendered.screen, rendered.color, theme, kept)
    return rendered
