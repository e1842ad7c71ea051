"""A few lines of text that are drawn again only where they changed."""

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from panels.kit.rows.cells import Line, line_strip
from panels.kit.rows.pausing import pause
from panels.kit.theme import styles


class LineView(Widget):
    """Shows lines of cells; what does not fit is cut."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LineView { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()
        self._strips: dict[tuple[Line, int], Strip] = {}

    @property
    def shown(self) -> Sequence[Line]:
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        before, after = self._lines, tuple(lines)
        if before == after:
            return
        self._lines = after
        width = self.size.width
        changed = [
            Region(0, y, width, 1)
            for y in range(max(len(before), len(after)))
            if y >= len(before) or y >= len(after) or before[y] != after[y]
        ]
        if width:
            self.refresh(*changed)

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        line = self._lines[y] if y < len(self._lines) else ()
        strip = self._strips.get((line, width))
        if strip is None:
            if len(self._strips) > 64:
                self._strips.clear()
            strip = line_strip(line, width, styles(self.app.theme), self.rich_style)
            self._strips[line, width] = strip
            pause(self)
        return strip
