"""The bar above a rewound board: which moment it shows, and the keys that step from it."""

from panels.kit.keymap import KeyMap
from panels.kit.rows.cells import Cell, Line, fit, line_width
from panels.kit.rows.text_lines import LineView
from panels.kit.view import Rewound, View, to_the_ms

READING = " reading…"
EDGE = "nothing further"
"""Of a step."""


def keys_text(keys: KeyMap) -> str:
    """Name the keys that step."""
    shown = keys.shown
    return (
        f"{shown('side.left')} {shown('side.right')} second  "
        f"{shown('rewind.event.back')} {shown('rewind.event')} event  "
        f"{shown('rewind.fill.back')} {shown('rewind.fill')} fill  {shown('rewind.time')} time"
    )


def rewind_lines(rewound: Rewound, keys: KeyMap, width: int) -> list[Line]:
    """Say in two lines that this is not the present, what it is, and how to leave it."""
    live = f"live: {keys.shown('rows.clear')} "
    head = f" ◀◀ REWIND {to_the_ms(rewound.at_ns)} "
    said = EDGE if rewound.edge else READING.strip() if rewound.reading else "not live"
    first: Line = (Cell(head, "alarm"), Cell(f" {said} ", "warn"), Cell(f" {live}", "strong"))
    room = max(0, width - line_width(first) - 1)
    text = keys_text(keys)
    if len(text) <= room:
        first = (*first, Cell(f" {text}", "accent"))
        return [first, (Cell(fit(f" {rewound.run}", width, "left"), "muted"),)]
    return [first, (Cell(fit(f" {text} · {rewound.run}", width, "left"), "accent"),)]


class RewindBar(LineView):
    """Shown only while the board is rewound."""

    def __init__(self, keys: KeyMap, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = keys

    def paint(self, view: View) -> None:
        """Show the moment, or hide the bar."""
        self.display = view.rewound is not None
        if view.rewound is not None:
            self.show(rewind_lines(view.rewound, self._keys, self.size.width or self.app.size.width))
