"""The title and the summary on a widget's frame; writing one draws only its edge again."""

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget


class FrameEdges:
    """Holds the edge that is being written, which the widget's ``refresh`` asks for."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._texts = ("", "")
        self._edge: Region | None = None

    def write(self, title: str, summary: str) -> None:
        """Write both edges, where they changed."""
        before, self._texts = self._texts, (title, summary)
        widget = self._widget
        width, gutter = widget.outer_size.width, widget.gutter
        if title != before[0]:
            self._edge = Region(-gutter.left, -gutter.top, width, 1)
            # Text from the desk may hold brackets, which a plain string would take for markup.
            widget.border_title = Content(title)
        if summary != before[1]:
            self._edge = Region(-gutter.left, widget.size.height, width, 1)
            widget.border_subtitle = Content(summary)
        self._edge = None

    def narrowed(self, regions: Sequence[Region], *, layout: bool) -> Sequence[Region]:
        """Return the regions to draw again: while an edge is written that edge alone, otherwise the given ones."""
        if self._edge is not None and not regions and not layout and self._edge.width:
            return (self._edge,)
        return regions
