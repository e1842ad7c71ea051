"""A framed panel of the cockpit: a grid of rows with a title, a summary, a data status and a filter line."""

from collections.abc import Iterable, Sequence
from typing import Any, Self, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from cockpit.model.recorded.pages import LiveFilter
from cockpit.model.snapshot import Snapshot
from panels.kit.data_status import STATUS_KINDS, DataStatus
from panels.kit.drawing.frame_edges import FrameEdges
from panels.kit.keymap import KeyMap
from panels.kit.messages import NO_LONGER_LISTED, NO_ROW, arrived, goes_on
from panels.kit.panel_content import PanelContent
from panels.kit.rows.arrangement import Arrangement, ListArranger, ListClock
from panels.kit.rows.cells import Cell, Detail, Field, GridRow, hold_ticks
from panels.kit.rows.filter_line import FilterLine
from panels.kit.rows.grid import LiveGrid
from panels.kit.rows.held_items import HeldItems, Moment
from panels.kit.rows.plain_text import PlainText
from panels.kit.rows.row_filter import RowFilter
from panels.kit.rows.saved_filters import SavedFilters
from panels.kit.rows.text_lines import LineView
from panels.kit.textual_internals import set_bindings
from panels.kit.view import NOTHING_THEN, NS_PER_MS, NS_PER_S, Rewound, View, is_recorded, note_of

T = TypeVar("T")


class Panel(PanelContent[T], Vertical, inherit_bindings=False):
    """A frame with a number key, a title with the age of its data, and a summary on its lower edge."""

    class Arranged(Message):
        """The operator arranged the list in another way."""

    class ColumnsWanted(Message):
        """The columns are to be chosen."""

        def __init__(self, panel: "Panel[Any]") -> None:
            super().__init__()
            self.panel = panel

    class HistoryWanted(Message):
        """The recorded rows before the last one were asked for."""

        def __init__(self, panel: "Panel[Any]") -> None:
            super().__init__()
            self.panel = panel

    class LiveWanted(Message):
        """The board is to show the present again."""

    class Opened(Message):
        """The details of a row were asked for."""

        def __init__(self, panel: "Panel[Any]", key: str, *, followed: bool) -> None:
            super().__init__()
            self.panel = panel
            self.key = key
            self.followed = followed
            """Whether the list followed its newest row until then."""

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
        self.filter_line = FilterLine(self.FIELDS, self.HEADINGS)
        self._filter_fields = PlainText("", classes="filter-fields")
        self._filter_fields.display = False
        self._edges = FrameEdges(self)
        self._snapshot: Snapshot | None = None
        self._view: View | None = None
        self._filter: RowFilter | None = None
        self._painted: tuple[str, int, RowFilter | None] | None = None
        self._painted_second: tuple[str, int] | None = None
        self._counts = (0, 0)
        self._held = HeldItems[T](self.key, self.aged)
        self._unlisted = 0
        self.arranger = ListArranger(self.COLUMNS, self.TIMES_FROM)
        if self.TIMES_FROM:
            self.grid.set_columns(self.arranger.columns())
        self.border_title = f"{number} {self.TITLE}"

    def body(self) -> Iterable[Widget]:
        """Yield the widgets inside the frame."""
        yield self.grid

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """Return everything about the row with this key; None when the snapshot does not hold it any more."""
        item, listed = self._item(snapshot, key)
        if item is None:
            return None
        detail = self.detail_of(item, snapshot)
        fields = detail.fields
        if self.TIMES_FROM:
            when = self.arranger.moment(snapshot.at_ns, self.age_of(item))
            fields = tuple(Field("time", when) if field.label == "age" else field for field in fields)
        if not listed:
            fields = (Field("listed", Cell(NO_LONGER_LISTED, "warn")), *fields)
        return detail._replace(fields=fields)

    def quote_of(self, snapshot: Snapshot, key: str) -> str:
        """Return the id of the request that the row with this key belongs to; empty without one."""
        item, _ = self._item(snapshot, key)
        return "" if item is None else self.quote_id(item)

    def moment_of_cursor(self, snapshot: Snapshot) -> int | None:
        """Return when the row under the cursor happened, UTC ns; None without a cursor, or where rows have no time."""
        if not self.TIMES_FROM or self.grid.following or self.grid.cursor_key is None:
            return None
        item, _ = self._item(snapshot, self.grid.cursor_key)
        return None if item is None else snapshot.at_ns - self.age_of(item) * NS_PER_MS

    def _item(self, snapshot: Snapshot, key: str) -> tuple[T | None, bool]:
        # With whether the desk lists it: a row of a held list opens, too, when it does not any more.
        found = self._by_key(self.folded(self.items(snapshot)), key)
        if found is not None or not self._holding(snapshot):
            return found, True
        return self._by_key(self._listed(snapshot), key), False

    def _by_key(self, items: Sequence[T], key: str) -> T | None:
        return next((item for item in items if self.key(item) == key), None)

    def _holding(self, snapshot: Snapshot) -> bool:
        """Return whether the list is held: left by its cursor, among rows of the desk that this snapshot is of."""
        left = self.RECORDED is not None and self.rewound is None and not self.grid.following
        return left and self._held.of(snapshot.run_id)

    def _listed(self, snapshot: Snapshot) -> Sequence[T]:
        held = self._holding(snapshot)
        return self.folded(self._held.later(snapshot.at_ns) if held else self.items(snapshot))

    def history_filter(self, snapshot: Snapshot) -> LiveFilter | None:
        """Return the filter in force for the recorded rows; ages count from this snapshot."""
        wanted, facts = self._filter, self.facts_of_recorded
        if wanted is None or self.RECORDED is None:
            return None
        return LiveFilter(wanted.text, lambda row: wanted.holds(facts(row)), snapshot.at_ns)

    def history_from(self, snapshot: Snapshot) -> int | None:
        """Return when the oldest row happened, UTC ns, where the list goes on in history; else None."""
        if not self.grid.at_last or self.RECORDED is None or not self.TIMES_FROM:
            return None
        shown = self._chosen(self._listed(snapshot))
        return snapshot.at_ns - max(self.age_of(item) for item in shown) * NS_PER_MS if shown else None

    def _chosen(self, items: Sequence[T]) -> list[T]:
        wanted = self._filter
        return [item for item in items if wanted is None or wanted.holds(self.facts(item))]

    def show_times(self, clock: ListClock) -> None:
        """Show ages or times, in this zone."""
        if clock != self.arranger.clock:
            self.arranger.clock = clock
            self._rearranged()

    def arrange_list(self, arrangement: Arrangement) -> None:
        """Show these columns in this order."""
        if arrangement != self.arranger.arrangement:
            self.arranger.arrangement = arrangement
            self._rearranged()
            self.post_message(self.Arranged())

    def restore_filters(self, saved: SavedFilters) -> None:
        """Take the filters of the last cockpit; the one that was in force is so again."""
        self.filter_line.restore(saved)
        self._apply_filter()

    def _rearranged(self) -> None:
        self.grid.set_columns(self.arranger.columns())
        self._repaint()

    # How it is drawn.

    def compose(self) -> ComposeResult:
        yield from self.body()
        yield self.filter_line
        yield self._filter_fields

    def offer(self, view: View, snapshot: Snapshot) -> None:
        """Take the newest view and the snapshot to show of it; drawn only while the panel is on the screen."""
        before = self._view
        self._view, self._snapshot = view, snapshot
        if before is not None and (before.rewound is None) != (view.rewound is None):
            # No row of then stays under the cursor now, nor one of now then.
            self.grid.show(())
            self.grid.follow()
            self._painted = None
        self.set_class(view.rewound is not None, "-rewound")
        if not self.size.height:
            self._painted = None
            return
        painted = (snapshot.run_id, snapshot.seq, self._filter)
        if painted != self._painted:
            self._painted = painted
            self._draw(view, snapshot)
        self._write_edges()

    def _draw(self, view: View, snapshot: Snapshot) -> None:
        if view.rewound is None or is_recorded(self.id or ""):
            self.paint(snapshot)
        else:
            self._show_unknown(view.rewound)

    def _catch_up(self) -> None:
        """Take the rows that were offered before the panel had a place: a key may come before they are drawn."""
        if self._painted is None and self._view is not None and self._snapshot is not None:
            self._draw(self._view, self._snapshot)

    def _picked(self) -> str | None:
        """Return the key of the row that a key is for; say so where there is none."""
        self._catch_up()
        key = self.grid.pick()
        if key is None:
            self.notify(NO_ROW, severity="warning", markup=False)
        return key

    @property
    def offered_seq(self) -> int:
        """Return the number of the snapshot that was offered last."""
        return 0 if self._snapshot is None else self._snapshot.seq

    @property
    def rewound(self) -> Rewound | None:
        """Return the moment that is shown in place of the present."""
        return None if self._view is None else self._view.rewound

    def note_then(self, rewound: Rewound) -> str:
        """Return the text on the lower edge while the board is rewound."""
        return note_of(rewound, self.id or "")

    def _show_unknown(self, rewound: Rewound) -> None:
        for line in self.query(LineView):
            line.show([])
        self._counts = (0, 0)
        self.grid.show((), (Cell(self.note_then(rewound), "warn"),))

    def paint(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; only what changed is drawn again."""
        items = self._take(snapshot)
        chosen = self._chosen(items)
        self._counts = (len(chosen), len(items))
        rows = [self._row(item) for item in chosen]
        ages_ms = [self.age_of(item) for item in chosen] if self.TIMES_FROM else ()
        rows = self.arranger.rows(rows, ages_ms, snapshot.at_ns)
        second = (snapshot.run_id, snapshot.at_ns // NS_PER_S)
        if second == self._painted_second:
            rows = hold_ticks(rows, self.grid.rows, self.grid.columns)
        self._painted_second = second
        if self.rewound is not None and self.grid.cursor_key not in {row.key for row in rows}:
            # A row that had not come yet, or was gone, is not kept.
            self.grid.show(())
            self.grid.follow()
        empty = self.empty(snapshot) if self.rewound is None else Cell(NOTHING_THEN, "muted")
        if self._filter is not None and items:
            said = f"no row matches {self._filter.text}; {self.keys.shown('rows.clear')} shows all"
            history = f", {self.keys.shown('history')} older ones" if self._goes_on else ""
            empty = Cell(f"{said}{history}", "warn")
        more = (Cell(goes_on(self.keys.shown("rows.down"), self.keys.shown("history")), "muted"),)
        self.grid.show(rows, (empty,), more if self._goes_on else ())

    def _take(self, snapshot: Snapshot) -> Sequence[T]:
        # Held rows, too.
        items = self.items(snapshot)
        if self.RECORDED is None:
            return items
        holding = self.rewound is None and not self.grid.following
        moment = Moment(snapshot.run_id, snapshot.at_ns, self.total(snapshot))
        listed = self._held.take(items, moment, holding=holding)
        self._unlisted = len(self._chosen(self._held.unlisted(items)))
        return self.folded(listed)

    def _row(self, item: T) -> GridRow:
        row = self.row(item)
        if not self._held.gone(row.key):
            return row
        return GridRow(row.key, tuple(Cell(cell.text, "muted") for cell in row.cells))

    def _arrived(self) -> str:
        """Say how many rows have come since the list was left; empty for none."""
        seen = self.grid.behind + self._unlisted
        come = self._held.come() if self._filter is None and not self.grid.following else None
        count = max(seen, come or 0)
        if not count:
            return ""
        return arrived(count, self.keys.shown("rows.newest"), or_more=self._held.cut and come is None)

    @property
    def _goes_on(self) -> bool:
        return self.RECORDED is not None and self._view is not None and self._view.reads_history

    def on_resize(self) -> None:
        # Also on coming back to the screen.
        self.call_after_refresh(self._repaint)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        regions = tuple(self._edges.narrowed(regions, layout=layout))
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _repaint(self) -> None:
        self._painted = None
        if self._view is not None and self._snapshot is not None:
            self.offer(self._view, self._snapshot)

    def _write_edges(self) -> None:
        view, snapshot = self._view, self._snapshot
        if view is None or snapshot is None:
            return
        status, problem = self.data_status(view, snapshot), self.filter_line.problem
        if view.rewound is not None:
            text = "then" if is_recorded(self.id or "") else "unknown then"
            status = DataStatus("live", text, self.note_then(view.rewound))
        for kind in STATUS_KINDS:
            self.set_class(kind == status.kind, f"-{kind}")
        behind, (chosen, listed) = self._arrived(), self._counts
        self.set_class(bool(problem), "-misread")
        self.set_class(bool(behind), "-behind")
        texts = [
            f"by {self.arranger.label}" if self.arranger.label else "",
            f"✗ {problem}" if problem else "",
            f"/{self._filter.text} {chosen} of {listed}" if self._filter is not None else "",
            behind,
            status.advice or self.summary(snapshot),
        ]
        title = f"{self.number} {self.TITLE}{f' · {status.text}' if status.text else ''}"
        self._edges.write(title, " · ".join(text for text in texts if text))

    # What its keys do.

    def action_move(self, rows: int) -> None:
        """Move the cursor by this many rows; above the first row of a list that takes no more are the newest."""
        self._catch_up()
        if not self._left_upwards(rows):
            self.grid.move(rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by this many pages."""
        self._catch_up()
        if not self._left_upwards(pages):
            self.grid.page(pages)

    def _left_upwards(self, by: int) -> bool:
        leaves = by < 0 and self._held.cut and not self.grid.following and not self.grid.cursor
        if leaves:
            self.grid.follow()
        return leaves

    def action_newest(self) -> None:
        """Go back to the newest row, and follow it."""
        self.grid.follow()

    def action_oldest(self) -> None:
        """Go to the oldest row."""
        self._catch_up()
        self.grid.oldest()

    def action_shift_columns(self, by: int) -> None:
        """Shift the columns, where they are wider than the panel."""
        self.grid.shift_columns(by)

    def action_order(self) -> None:
        """Order the rows by the next column."""
        self.arrange_list(self.arranger.next_order(self.grid.seen_columns))

    def action_reverse(self) -> None:
        """Turn the order of the rows round."""
        self.arrange_list(self.arranger.reversed())

    def action_choose_columns(self) -> None:
        """Ask which columns are shown."""
        self.post_message(self.ColumnsWanted(self))

    def action_open(self) -> None:
        """Ask for the details of the row under the cursor."""
        followed = self.grid.following
        if key := self._picked():
            self.post_message(self.Opened(self, key, followed=followed))

    def action_copy(self) -> None:
        """Send what names the row to the clipboard: its first field worth copying, or its key."""
        key = self._picked()
        if key is None or self._snapshot is None:
            return
        detail = self.detail(self._snapshot, key)
        worth = [field for field in detail.fields if field.copy] if detail is not None else []
        self.post_message(self.Copied(worth[0] if worth else Field("id", Cell(key))))

    def action_filter(self) -> None:
        """Open the filter line."""
        self._filter_fields.update(self.filter_line.known)
        self._filter_fields.display = bool(self.FIELDS)
        self.filter_line.open()

    def action_clear(self) -> None:
        """Drop the filter; without one, go back to the newest row. While rewound, go back to the present."""
        if self.rewound is not None and not self.filter_line.has_focus:
            self.post_message(self.LiveWanted())
            return
        if self.filter_line.in_use:
            self.filter_line.drop()
            self._apply_filter()
            self._close_filter_line()
            self.post_message(self.Arranged())
        else:
            self.grid.follow()

    def on_filter_line_edited(self, event: FilterLine.Edited) -> None:
        event.stop()
        if self.filter_line.problem:
            self._write_edges()
        else:
            self._apply_filter()

    def on_filter_line_kept(self, event: FilterLine.Kept) -> None:
        event.stop()
        self._apply_filter()
        self._close_filter_line()
        self.post_message(self.Arranged())

    def on_live_grid_opened(self, event: LiveGrid.Opened) -> None:
        event.stop()
        self.action_open()

    def on_live_grid_more_wanted(self, event: LiveGrid.MoreWanted) -> None:
        event.stop()
        self.post_message(self.HistoryWanted(self))

    def on_live_grid_moved(self, event: LiveGrid.Moved) -> None:
        # The count of unseen rows may have changed.
        event.stop()
        if self.grid.following and self._held.stale:
            self._repaint()
        else:
            self._write_edges()

    def _apply_filter(self) -> None:
        if self.filter_line.wanted != self._filter:
            self._filter = self.filter_line.wanted
            self.grid.follow()
        self._repaint()

    def _close_filter_line(self) -> None:
        if self.filter_line.has_focus:
            self.grid.focus()
        self.filter_line.display = self._filter_fields.display = False
        self._write_edges()
