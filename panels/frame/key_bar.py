"""The last line of the screen: what just happened, or the keys worth knowing and why some of them are unavailable."""

from collections.abc import Callable, Sequence

from textual import events

from panels.frame.message_line import Sentences, said_lines
from panels.kit.actions import Action
from panels.kit.keymap import display
from panels.kit.messages import is_already, result_there
from panels.kit.rows.cells import Cell, Line, fit, line_width
from panels.kit.rows.text_lines import LineView
from panels.kit.view import View

UnavailableReason = Callable[[str, View], str]
"""Gives the reason why the action with this id is unavailable; empty when it is available."""

ALWAYS_SHOWN = frozenset({"disarm", "help", "quit"})
"""However little room there is."""


def entry(action: Action, reason: str) -> Line:
    """A key and its name; grey, with a glyph, while ``reason`` says that it is unavailable.

    What is done already is named in place of its key: "● strategy armed".
    """
    key = display(action.keys[0])
    if is_already(reason):
        return (Cell(f"● {result_there(reason)}", "muted"),)
    if reason:
        return (Cell(f"✗{key} {action.name}", "muted"),)
    loud = action.anywhere
    return (Cell(f"{key} ", "strong" if loud else "accent"), Cell(action.name, "strong" if loud else "text"))


def key_bar_line(
    actions: Sequence[Action], unavailable: UnavailableReason, view: View, width: int
) -> tuple[Line, list[tuple[int, str]]]:
    """Return the line at ``width`` cells, and the right end of each entry with its action.

    Where all do not fit, unavailable actions go first. The room that is left says why the first one is unavailable.
    """
    listed = [(action, unavailable(action.id, view)) for action in actions if action.footer and action.keys]

    def taken(gap: int) -> int:
        return sum(line_width(entry(action, reason)) + gap for action, reason in listed) - gap

    gap = 2 if taken(2) <= width else 1
    while taken(gap) > width:
        loose = [pair for pair in listed if pair[0].id not in ALWAYS_SHOWN]
        if not loose:
            break
        listed.remove(next((pair for pair in reversed(loose) if pair[1]), loose[-1]))
    line: list[Cell] = []
    ends: list[tuple[int, str]] = []
    for action, reason in listed:
        line += [*entry(action, reason), Cell(" " * gap)]
        ends.append((line_width(line), action.action))
    grey = next((pair for pair in listed if pair[1] and not is_already(pair[1])), None)
    room = width - line_width(line)
    if grey is not None and room > 16:
        line.append(Cell(fit(f"✗{display(grey[0].keys[0])}: {grey[1]}", room, "right"), "muted"))
    return tuple(line), ends


class KeyBar(LineView):
    """A click does what the key does. A sentence takes the place of the keys while it lasts."""

    def __init__(
        self,
        actions: Sequence[Action],
        unavailable: UnavailableReason,
        sentences: Sentences,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._sentences = sentences
        self._tall = 1
        self._actions = tuple(actions)
        self._unavailable = unavailable
        self._ends: list[tuple[int, str]] = []

    def paint(self, view: View) -> None:
        said = self._sentences.shown
        if said is None:
            line, self._ends = key_bar_line(self._actions, self._unavailable, view, self.size.width)
            lines = [line]
        else:
            self._ends = []
            lines = said_lines(said, self.size.width)
        if len(lines) != self._tall:
            self._tall = len(lines)
            self.styles.height = self._tall
        self.show(lines)

    async def on_click(self, event: events.Click) -> None:
        action = next((action for end, action in self._ends if event.x < end), None)
        if action is not None:
            await self.app.run_action(action)
