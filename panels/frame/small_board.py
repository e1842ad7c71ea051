"""What has the place of the panels in a terminal too small for them: what is armed, and the quotes that bind."""

from collections.abc import Sequence

from textual.geometry import Size

from cockpit.model.snapshot import QuoteRow, Snapshot
from panels.frame.board import LEAST, cells
from panels.frame.status_bar import LINES, live_quotes, status
from panels.kit.labels import outcome, side
from panels.kit.rows.cells import Cell, Line, flow, line_width
from panels.kit.rows.text_lines import LineView
from panels.kit.view import View
from panels.views.quotes import amount, could_settle, left_role, seconds_left

TRADED_WIDTH = 34
"""Of an amount for another: outcomes stand below each other."""
LIVE_KEPT = 3
"""As many live quotes come before the rest of the status."""


def armed_parts(view: View) -> Cell:
    """Say what is armed in the fewest words."""
    snapshot = view.snapshot
    if snapshot is None:
        return Cell("no data from the desk yet", "warn")
    names = [name for name, on in (("strategy", snapshot.strategy_armed), ("executor", snapshot.executor_armed)) if on]
    if names:
        return Cell(f"● {' + '.join(names)} ARMED{'' if view.trusted else ' when last seen'}", "warn")
    return Cell("○ nothing armed" if view.trusted else "? nothing armed when last seen", "text")


def quote_line(row: QuoteRow, left_ms: int, width: int, *, trusted: bool) -> Line:
    """Draw a quote: how long it still binds, what it gives for what, and its outcome where there is room."""
    gives = amount(row.gives, row.gives_symbol, row.gives_places)
    takes = amount(row.takes, row.takes_symbol, row.takes_places)
    if not trusted:
        return (Cell(f"? {gives} for {takes}", "muted"),)
    mark, result = side(row.side), outcome(row.outcome)
    left = Cell(f"{seconds_left(left_ms):>4} " if could_settle(row) else " " * 5, left_role(row))
    traded = f"{gives} for {takes}"
    line = (left, Cell(f"{mark.text[0]} ", mark.role), Cell(traded.ljust(TRADED_WIDTH)))
    end = Cell(f"  {result.text}", result.role)
    return (*line, end) if line_width((*line, end)) <= width else (*line[:2], Cell(traded))


def _quotes(view: View, snapshot: Snapshot, width: int, height: int) -> list[Line]:
    # Those that may still be settled come first, the newest of them first: they are what money depends on.
    rows: Sequence[QuoteRow] = sorted(snapshot.quotes, key=lambda row: not could_settle(row))
    shown = rows[: max(0, height - 1)]
    hidden = sum(could_settle(row) for row in rows[len(shown) :])
    more = (Cell(f"  {hidden} below", "warn"),) if hidden else ()
    lines = [quote_line(row, max(0, row.left_ms - view.quiet_ms), width, trusted=view.trusted) for row in shown]
    return [(*live_quotes(view, snapshot), *more), *lines]


def small_lines(view: View, size: Size, width: int, height: int) -> list[Line]:
    """Return at most ``height`` lines: what is armed, the quotes, and between them what the status bar had no room for.

    ``size`` is that of the terminal.
    """
    hint = Cell(f"too small for panels: {cells(size)} of {cells(LEAST)}", "muted")
    lines = flow([(armed_parts(view),), (hint,)], width)
    snapshot = view.snapshot
    if snapshot is None:
        return lines[:height]
    if height <= len(lines):
        # What is armed and what binds come before the size, which everybody sees.
        return [lines[0], *_quotes(view, snapshot, width, 1)][:height]
    live = sum(could_settle(row) for row in snapshot.quotes)
    spare = max(0, height - len(lines) - 1 - min(live, LIVE_KEPT))
    lines += status(view, width)[LINES:][:spare]
    return [*lines, *_quotes(view, snapshot, width, height - len(lines))][:height]


class SmallBoard(LineView):
    """Has the place of the panels while the terminal is too small for them. It stays live, also over frozen panels."""

    def paint(self, view: View) -> None:
        if self.size.height:
            self.show(small_lines(view, self.app.size, self.size.width, self.size.height))
