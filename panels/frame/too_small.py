"""What a terminal too small for the cockpit shows: that it is, and how to disarm."""

from collections.abc import Callable

from textual.geometry import Size

from panels.frame.board import LEAST
from panels.kit.cells import Cell, Line
from panels.kit.text_lines import LineView
from panels.kit.view import View


def small_lines(view: View, size: Size, disarm: str, quit_key: str) -> list[Line]:
    """A few short lines; what is armed first, because that is what cannot wait."""
    snapshot = view.snapshot
    if snapshot is None:
        armed = Cell("desk not heard yet", "warn")
    elif snapshot.strategy_armed or snapshot.executor_armed:
        names = [
            name for name, on in (("strategy", snapshot.strategy_armed), ("executor", snapshot.executor_armed)) if on
        ]
        armed = Cell(f"● {' + '.join(names)} ARMED{'' if view.trusted else ' when last seen'}", "warn")
    else:
        armed = Cell("○ nothing armed" if view.trusted else "? nothing armed when last seen", "text")
    return [
        (armed,),
        (Cell(f"{disarm} disarms", "strong"), Cell(f"  {quit_key} quits", "muted")),
        (),
        (Cell(f"terminal too small: {size.width}×{size.height}", "warn"),),
        (Cell(f"make it at least {LEAST.width}×{LEAST.height}", "text"),),
    ]


class TooSmall(LineView):
    """Has the whole screen while the terminal is too small."""

    def __init__(self, shown: Callable[[str], str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._key = shown

    def paint(self, view: View) -> None:
        """Show the moment."""
        self.show(small_lines(view, self.app.size, self._key("disarm"), self._key("quit")))
