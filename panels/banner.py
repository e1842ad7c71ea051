"""The lines between status bar and panels: the frozen view, and the tabs where one panel has the screen."""

from collections.abc import Sequence

from textual import events

from cockpit.format import age
from panels.cells import Cell, Line
from panels.lines import LineView
from panels.view import View


def banner(view: View) -> Line | None:
    """What must be known before the panels are read; None when they are simply live."""
    if view.snapshot is not None and view.silent:
        why = f"attaching again: {view.link_lost}" if view.link_lost else "the desk is attached but does not tick"
        return (Cell(f" ✗ what you see is {age(view.tick_age_ms)} old · {why}", "bad"),)
    if view.frozen_ms is not None:
        return (Cell(f" ❄ FROZEN {age(view.frozen_ms)} ago · space goes on", "warn"),)
    snapshot = view.snapshot
    if snapshot is not None and not snapshot.executor_armed and snapshot.executor_blocked:
        return (Cell(f" ◐ the executor cannot be armed: {snapshot.executor_blocked}", "warn"),)
    return None


class Banner(LineView):
    """A line that is there only when it has something to say."""

    def paint(self, view: View) -> None:
        """Show it, or make room."""
        line = banner(view)
        self.display = line is not None
        self.show([line] if line is not None else [])


class Tabs(LineView):
    """The panels' numbers and names, the shown one lit; a click goes there."""

    def __init__(self, panels: Sequence[tuple[str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._panels = tuple(panels)
        self._ends: list[tuple[int, str]] = []

    def show_active(self, active: str) -> None:
        """Light the shown panel."""
        line: list[Cell] = []
        end = 0
        self._ends = []
        for number, (ident, title) in enumerate(self._panels, start=1):
            lit = ident == active
            text = f" {number} {title}"
            line.append(Cell(text, "strong" if lit else "muted"))
            end += len(text)
            self._ends.append((end, ident))
        self.show([tuple(line)])

    async def on_click(self, event: events.Click) -> None:
        """Go to the panel that was clicked."""
        ident = next((ident for end, ident in self._ends if event.x < end), None)
        if ident is not None:
            await self.app.run_action(f"app.jump('{ident}')")
