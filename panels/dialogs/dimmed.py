"""The screen behind a dialog, dimmed."""

from collections.abc import Callable
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.css.styles import RulesMap
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style as BaseStyle
from textual.visual import RenderOptions, Visual

from panels.kit.textual_internals import screen_strips


@lru_cache(maxsize=1024)
def dimmed(style: Style, colour: Color) -> Style:
    """Return ``style`` seen through a translucent colour, and without anything to click."""
    ink, ground = style.color, style.bgcolor
    return style.clear_meta_and_links() + Style(
        color=None if ink is None else (Color.from_rich_color(ink) + colour).rich_color,
        bgcolor=None if ground is None else (Color.from_rich_color(ground) + colour).rich_color,
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

    def __init__(self, screen: Screen[object], colour: Color, kept: DimmedLines) -> None:
        self._screen = screen
        self._colour = colour
        self._kept = kept

    def render_strips(self, width: int, height: int | None, style: BaseStyle, options: RenderOptions) -> list[Strip]:
        return self._kept.get((width, height, self._screen.size, self._colour), lambda: self._draw(width, height))

    def _draw(self, width: int, height: int | None) -> list[Strip]:
        return [self._dim(strip).adjust_cell_length(width) for strip in screen_strips(self._screen)[:height]]

    def _dim(self, strip: Strip) -> Strip:
        colour = self._colour
        segments = [Segment(text, dimmed(style, colour) if style else style) for text, style, _ in strip]
        return Strip(segments, strip.cell_length)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._screen.size.height
