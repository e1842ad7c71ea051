"""A framed panel of the cockpit, and the one most of them are: a grid with a summary, a filter and a standing."""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic, Literal, NamedTuple, Self, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.commands import Part
from cockpit.model.formatting import age, coarse_age
from cockpit.model.snapshot import Snapshot
from panels.kit.cells import Cell, Column, Detail, Field, GridRow
from panels.kit.grid import LiveGrid
from panels.kit.keymap import KeyMap
from panels.kit.row_filter import Facts, Fields, InvalidFilterError, RowFilter, parse
from panels.kit.textual_internals import set_bindings
from panels.kit.view import View

T = TypeVar("T")

Kind = Literal["live", "loading", "stale", "error", "lost"]
KINDS: tuple[Kind, ...] = ("live", "loading", "stale", "error", "lost")


class DataStatus(NamedTuple):
    """How far a panel's data can be believed: a word beside its title, and what to do on its lower edge."""

    kind: Kind
    told: str
    advice: str = ""


def unticked(rows: Sequence[GridRow], shown: Sequence[GridRow], columns: Sequence[Column]) -> list[GridRow]:
    """The rows, those in which nothing but time has passed as they are shown.

    Ages then tick in all rows at once, and a screen full of them is composed once a second instead of at every one.
    """
    still = [index for index, column in enumerate(columns) if not column.ticks]
    former = {row.key: row for row in shown}

    def same(row: GridRow, old: GridRow) -> bool:
        return all(row.cells[index] == old.cells[index] for index in still)

    kept = ((row, former.get(row.key)) for row in rows)
    return [old if old is not None and same(row, old) else row for row, old in kept]


class Panel(Vertical, Generic[T], inherit_bindings=False):
    """A frame with a number key, a title with its data's age, and a summary on its lower edge.

    ``FED_BY`` is the part of the desk whose failing makes the panel wrong; ``FIELDS`` is what its filter knows.
    """

    TITLE: ClassVar[str]
    COLUMNS: ClassVar[tuple[Column, ...]]
    FIELDS: ClassVar[Fields] = {}
    FED_BY: ClassVar[Part | None] = None

    class Opened(Message):
        """The reader wants to know everything about a row."""

        def __init__(self, panel: "Panel[Any]", key: str) -> None:
            super().__init__()
            self.panel = panel
            self.key = key

    class Copied(Message):
        """A row's id or hash was asked for: its name and itself."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(id=ident, classes="panel")
        set_bindings(self, keys.bindings("rows"))
        self.number = number
        self.keys = keys
        self.grid = LiveGrid(self.COLUMNS, id=f"{ident}-grid")
        self.entry = Input(placeholder="side:sell >100 -dust", compact=True, classes="filter")
        self.entry.cursor_blink = False
        self._snapshot: Snapshot | None = None
        self._view: View | None = None
        self._painted: tuple[str, int, RowFilter | None] | None = None
        self._filter: RowFilter | None = None
        self._problem = ""
        self._kept = (0, 0)
        self._edges = ("", "")
        self._edge: Region | None = None
        self._second: tuple[str, int] | None = None
        self.border_title = f"{number} {self.TITLE}"

    def compose(self) -> ComposeResult:
        """The panel's widgets, and the line of its filter."""
        yield from self.body()
        self.entry.display = False
        yield self.entry

    def body(self) -> Iterable[Widget]:
        """What is in the frame."""
        yield self.grid

    def offer(self, view: View, snapshot: Snapshot) -> None:
        """Take the moment, and the snapshot to show of it; it is drawn only while the panel is on the screen."""
        self._view, self._snapshot = view, snapshot
        if not self.size.height:
            self._painted = None
            return
        painted = (snapshot.run_id, snapshot.seq, self._filter)
        if painted != self._painted:
            self._painted = painted
            self.paint(snapshot)
        self._caption()

    def on_resize(self) -> None:
        """Draw for the new size, also on coming back to the screen."""
        self.call_after_refresh(self._again)

    def _again(self) -> None:
        self._painted = None
        if self._view is not None and self._snapshot is not None:
            self.offer(self._view, self._snapshot)

    def paint(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; only what changed is drawn again."""
        second = (snapshot.run_id, snapshot.at_ns // 1_000_000_000)
        items = self.items(snapshot)
        kept = items if self._filter is None else [item for item in items if self._filter.holds(self.facts(item))]
        self._kept = (len(kept), len(items))
        rows = [self.row(item) for item in kept]
        if second == self._second:
            rows = unticked(rows, self.grid.rows, self.COLUMNS)
        self._second = second
        empty = self.empty(snapshot)
        if self._filter is not None and items:
            empty = Cell(f"no row is {self._filter.text}: {self.keys.shown('rows.clear')} shows all", "warn")
        self.grid.show(rows, (empty,))

    def items(self, snapshot: Snapshot) -> Sequence[T]:
        """What the panel lists, in its order."""
        raise NotImplementedError

    def row(self, item: T) -> GridRow:
        """How one of them is drawn."""
        raise NotImplementedError

    def facts(self, item: T) -> Facts:
        """What a filter can ask of one of them, by the names in FIELDS."""
        return {}

    def detail_of(self, item: T, snapshot: Snapshot) -> Detail:
        """Everything about one of them."""
        raise NotImplementedError

    def empty(self, snapshot: Snapshot) -> Cell:
        """What is said while there are no rows."""
        return Cell("nothing yet", "muted")

    def summary(self, snapshot: Snapshot) -> str:
        """The few words on the lower edge of the frame."""
        return ""

    def data_age(self, snapshot: Snapshot) -> int | None:
        """How old the data is, ms; None while it was never read. A list is as old as the snapshot that brings it."""
        return snapshot.tick_ms

    def stale_after(self, snapshot: Snapshot) -> int | None:
        """From which age on the data must not be trusted, ms; None: it has no such age."""
        return None

    def freshness(self, snapshot: Snapshot) -> str:
        """The age beside the title while all is well."""
        return coarse_age(self.data_age(snapshot) or 0)

    def stale_advice(self, snapshot: Snapshot) -> str:
        """What to do about old data."""
        return f"{self.keys.shown('refresh')} reads it again"

    def standing(self, view: View, snapshot: Snapshot) -> DataStatus:
        """How far the data can be believed now."""
        refresh = self.keys.shown("refresh")
        if view.silent:
            again = "attaching again by itself" if view.link_lost else "attached; waiting for its tick"
            return DataStatus("lost", f"✗ LAST SEEN {age(view.tick_age_ms)} AGO", again)
        part = next((part for part in snapshot.health if part.part == self.FED_BY), None)
        if part is not None and part.state == "down":
            why = part.last_error or part.detail or "it does not say why"
            return DataStatus("error", "✗ ERROR", f"{refresh} tries again · {why}")
        old, limit = self.data_age(snapshot), self.stale_after(snapshot)
        if old is None:
            return DataStatus("loading", "◌ LOADING", f"not read yet: {refresh} asks again")
        if limit is not None and old > limit:
            return DataStatus("stale", f"◐ STALE {age(old)}", self.stale_advice(snapshot))
        return DataStatus("live", self.freshness(snapshot))

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """Everything about a row, or None when the snapshot does not hold it any more."""
        item = next((item for item in self.items(snapshot) if self.row(item).key == key), None)
        return None if item is None else self.detail_of(item, snapshot)

    def action_move(self, rows: int) -> None:
        """Move the cursor by this many rows."""
        self.grid.move(rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by this many pages."""
        self.grid.page(pages)

    def action_newest(self) -> None:
        """Back to the newest row, and follow it."""
        self.grid.follow()

    def action_oldest(self) -> None:
        """To the oldest row."""
        self.grid.oldest()

    def action_open(self) -> None:
        """Ask for everything about the row under the cursor."""
        if key := self.grid.pick():
            self.post_message(self.Opened(self, key))

    def action_copy(self) -> None:
        """Send what names the row to the clipboard: its first fact worth copying, or its key."""
        key = self.grid.pick()
        if key is None or self._snapshot is None:
            return
        detail = self.detail(self._snapshot, key)
        worth = [field for field in detail.fields if field.copy] if detail is not None else []
        self.post_message(self.Copied(worth[0] if worth else Field("id", Cell(key))))

    def action_filter(self) -> None:
        """Open the line of the filter."""
        self.entry.display = True
        # At once, not after the next message: what is typed right behind the key belongs into the line.
        self.screen.set_focus(self.entry)

    def action_clear(self) -> None:
        """Out of the filter; without one, back to the newest row."""
        if self.entry.display or self._filter is not None:
            self._problem = ""
            self._set_filter(None)
            with self.prevent(Input.Changed):
                self.entry.value = ""
            self._leave_entry()
        else:
            self.grid.follow()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed; what cannot be read yet leaves the former filter in force."""
        event.stop()
        try:
            wanted = parse(event.value, self.FIELDS)
        except InvalidFilterError as problem:
            self._problem = str(problem)
            self._caption()
            return
        self._problem = ""
        self._set_filter(wanted if wanted.terms else None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep a filter that can be read, and go back to the rows."""
        event.stop()
        if not self._problem:
            self._leave_entry()

    def on_live_grid_opened(self, event: LiveGrid.Opened) -> None:
        """A double click opens the row."""
        event.stop()
        self.action_open()

    def on_live_grid_moved(self, event: LiveGrid.Moved) -> None:
        """The count of unseen rows may have changed."""
        event.stop()
        self._caption()

    def _leave_entry(self) -> None:
        if self.entry.has_focus:
            self.grid.focus()
        self.entry.display = False
        self._caption()

    def _set_filter(self, wanted: RowFilter | None) -> None:
        if wanted != self._filter:
            self._filter = wanted
            self.grid.follow()
        self._again()

    def _caption(self) -> None:
        view, snapshot = self._view, self._snapshot
        if view is None or snapshot is None:
            return
        standing = self.standing(view, snapshot)
        for kind in KINDS:
            self.set_class(kind == standing.kind, f"-{kind}")
        self.set_class(bool(self._problem), "-misread")
        behind, (kept, listed) = self.grid.behind, self._kept
        words = [
            f"✗ {self._problem}" if self._problem else "",
            f"/{self._filter.text} {kept} of {listed}" if self._filter is not None else "",
            f"↑ {behind} new, {self.keys.shown('rows.newest')} follows" if behind else "",
            standing.advice or self.summary(snapshot),
        ]
        lower = " · ".join(word for word in words if word)
        title = f"{self.number} {self.TITLE}{f' · {standing.told}' if standing.told else ''}"
        self._frame(title, lower)

    def _frame(self, title: str, lower: str) -> None:
        """Write the frame's edges; only the edge that changed is drawn again, not what lies between them."""
        former, self._edges = self._edges, (title, lower)
        width, gutter = self.outer_size.width, self.gutter
        if title != former[0]:
            self._edge = Region(-gutter.left, -gutter.top, width, 1)
            # What a desk says may hold brackets, which a plain string would take for markup.
            self.border_title = Content(title)
        if lower != former[1]:
            self._edge = Region(-gutter.left, self.size.height, width, 1)
            self.border_subtitle = Content(lower)
        self._edge = None

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw the panel again, or one edge of its frame while that is written."""
        if self._edge is not None and not regions and not layout and self._edge.width:
            regions = (self._edge,)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
