"""A framed panel of the cockpit, and the one most of them are: a grid with a summary."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cockpit.snapshot import Snapshot
from panels.cells import Cell, Column, Detail, Row
from panels.grid import LiveGrid


def unticked(rows: Sequence[Row], shown: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """The rows, those in which nothing but time has passed as they are shown.

    Ages then tick in all rows at once, and a screen full of them is composed once a second instead of at every one.
    """
    still = [index for index, column in enumerate(columns) if not column.ticks]
    former = {row.key: row for row in shown}

    def same(row: Row, old: Row) -> bool:
        return all(row.cells[index] == old.cells[index] for index in still)

    kept = ((row, former.get(row.key)) for row in rows)
    return [old if old is not None and same(row, old) else row for row, old in kept]


class Panel(Vertical):
    """A frame with a number key, a title and a summary on its lower edge."""

    TITLE: ClassVar[str]
    COLUMNS: ClassVar[tuple[Column, ...]]

    def __init__(self, ident: str, number: int) -> None:
        super().__init__(id=ident, classes="panel")
        self.number = number
        self.grid = LiveGrid(self.COLUMNS, id=f"{ident}-grid")
        self._snapshot: Snapshot | None = None
        self._captioned = ""
        self._second: tuple[str, int] | None = None
        self.border_title = f"{number} {self.TITLE}"

    def compose(self) -> ComposeResult:
        """The panel's widgets."""
        yield self.grid

    def offer(self, snapshot: Snapshot) -> None:
        """Take a snapshot; it is drawn only while the panel is on the screen."""
        self._snapshot = snapshot
        if self.size.height:
            self.paint(snapshot)

    def on_resize(self) -> None:
        """Draw for the new size, also on coming back to the screen."""
        if self._snapshot is not None:
            self.call_after_refresh(self.offer, self._snapshot)

    def paint(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; only what changed is drawn again."""
        second = (snapshot.run_id, snapshot.at_ns // 1_000_000_000)
        rows = self.rows(snapshot)
        if second == self._second:
            rows = unticked(rows, self.grid.rows, self.COLUMNS)
        self._second = second
        self.grid.show(rows, (self.empty(snapshot),))
        self._caption()

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """The grid's rows."""
        raise NotImplementedError

    def empty(self, snapshot: Snapshot) -> Cell:
        """What is said while there are no rows."""
        return Cell("nothing yet", "muted")

    def summary(self, snapshot: Snapshot) -> str:
        """The few words on the lower edge of the frame."""
        return ""

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """Everything about a row, or None when the snapshot does not hold it any more."""
        return None

    def on_live_grid_moved(self, event: LiveGrid.Moved) -> None:
        """The count of unseen rows may have changed."""
        event.stop()
        self._caption()

    def _caption(self) -> None:
        if self._snapshot is None:
            return
        behind = self.grid.behind
        words = [f"↑ {behind} new, g follows" if behind else "", self.summary(self._snapshot)]
        caption = " · ".join(word for word in words if word)
        if self._captioned != caption:
            self._captioned = caption
            # What a desk says may hold brackets, which a plain string would take for markup.
            self.border_subtitle = Content(caption)
