"""The tabs: the panels' numbers and names, and what needs attention on those that are hidden."""

from collections.abc import Mapping, Sequence

from textual import events

from cockpit.model.snapshot import Snapshot
from panels.kit.rows.cells import Cell, Line, line_width
from panels.kit.rows.text_lines import LineView
from panels.kit.view import View
from panels.views.health import failing_parts
from panels.views.transfers import in_order, pending

BRIEF = {"market": "Mkt", "inventory": "Inv", "interlocks": "Locks", "decisions": "Dec"}
"""Shorter titles where the full ones have no room."""


def attention_marks(snapshot: Snapshot) -> Mapping[str, str]:
    """Count what needs attention on panels that may be hidden, with a glyph."""
    red = len([row for row in snapshot.interlocks if not row.passed])
    found = {
        "interlocks": red or len([row for row in snapshot.interlocks if row.warning]),
        "health": failing_parts(snapshot),
        "deposits": len([row for row in in_order(snapshot) if pending(row)]),
    }
    glyphs = {"interlocks": "✗" if red else "!", "health": "✗", "deposits": "◌"}
    return {ident: f"{glyphs[ident]}{count}" for ident, count in found.items() if count}


class Tabs(LineView):
    """The panels' numbers and names, the shown one highlighted; a click goes there."""

    def __init__(self, panels: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._panels = tuple(panels)
        self._active = ""
        self._marks: Mapping[str, str] = {}
        self._ends: list[tuple[int, str]] = []

    def show_active(self, active: str) -> None:
        """Highlight the shown panel."""
        self._active = active
        self._draw()

    def paint(self, view: View) -> None:
        """Mark the panels that need attention."""
        self._marks = {} if view.snapshot is None else attention_marks(view.snapshot)
        self._draw()

    def _draw(self) -> None:
        for brief in (False, True):
            line = self._line(brief)
            if line_width(line) <= self.size.width:
                break
        self.show([line])

    def _line(self, brief: bool) -> Line:
        line: list[Cell] = []
        self._ends = []
        for number, (ident, title) in enumerate(self._panels, start=1):
            active = ident == self._active
            name = BRIEF.get(ident, title) if brief else title
            line.append(Cell(f"{'▸' if active else ' '}{number % 10} {name}", "strong" if active else "muted"))
            mark = self._marks.get(ident, "")
            line.append(Cell(mark if brief or not mark else f" {mark}", "bad" if mark.startswith("✗") else "warn"))
            line.append(Cell("" if brief else " "))
            self._ends.append((line_width(line), ident))
        return tuple(line)

    async def on_click(self, event: events.Click) -> None:
        ident = next((ident for end, ident in self._ends if event.x < end), None)
        if ident is not None:
            await self.app.run_action(f"app.jump('{ident}')")
