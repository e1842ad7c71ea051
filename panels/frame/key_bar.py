"""The last line of the screen: the keys worth knowing, and why some of them can do nothing now."""

from collections.abc import Callable, Sequence

from textual import events

from panels.kit.actions import Action
from panels.kit.cells import Cell, Line, fit, line_width
from panels.kit.keymap import display
from panels.kit.messages import is_already
from panels.kit.text_lines import LineView
from panels.kit.view import View

Obstacle = Callable[[str, View], str]
"""Why the action with this id can do nothing now; empty when it can."""

KEPT = frozenset({"disarm", "help", "quit"})
"""Never left out, however little room there is."""


def entry(action: Action, why: str) -> Line:
    """A key and its word; grey, with a glyph, while it can do nothing."""
    key = display(action.keys[0])
    if why:
        glyph = "●" if is_already(why) else "✗"
        return (Cell(f"{glyph}{key} {action.name}", "muted"),)
    loud = action.anywhere
    return (Cell(f"{key} ", "strong" if loud else "accent"), Cell(action.name, "strong" if loud else "text"))


def keybar(actions: Sequence[Action], obstacle: Obstacle, view: View, width: int) -> tuple[Line, list[tuple[int, str]]]:
    """The line at ``width`` cells, and the right end of each entry with its action.

    Where all do not fit, danger that can do nothing goes first. What room is left tells why the first key is grey.
    """
    listed = [(action, obstacle(action.id, view)) for action in actions if action.footer and action.keys]

    def taken(gap: int) -> int:
        return sum(line_width(entry(action, why)) + gap for action, why in listed) - gap

    gap = 2 if taken(2) <= width else 1
    while taken(gap) > width:
        loose = [pair for pair in listed if pair[0].id not in KEPT]
        if not loose:
            break
        listed.remove(next((pair for pair in reversed(loose) if pair[1]), loose[-1]))
    line: list[Cell] = []
    ends: list[tuple[int, str]] = []
    for action, why in listed:
        line += [*entry(action, why), Cell(" " * gap)]
        ends.append((line_width(line), action.action))
    grey = next((pair for pair in listed if pair[1] and not is_already(pair[1])), None)
    room = width - line_width(line)
    if grey is not None and room > 16:
        line.append(Cell(fit(f"✗{display(grey[0].keys[0])}: {grey[1]}", room, "right"), "muted"))
    return tuple(line), ends


class KeyBar(LineView):
    """Follows the moment; a click does what the key does."""

    def __init__(self, actions: Sequence[Action], obstacle: Obstacle, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._actions = tuple(actions)
        self._obstacle = obstacle
        self._ends: list[tuple[int, str]] = []

    def paint(self, view: View) -> None:
        """Show the moment."""
        line, self._ends = keybar(self._actions, self._obstacle, view, self.size.width)
        self.show([line])

    async def on_click(self, event: events.Click) -> None:
        action = next((action for end, action in self._ends if event.x < end), None)
        if action is not None:
            await self.app.run_action(action)
