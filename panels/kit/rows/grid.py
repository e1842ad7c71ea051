"""LiveGrid: a table that draws only the rows that changed, and keeps the cursor on its row while new ones arrive."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from panels.kit.rows.cells import Cell, Column, GridRow, Line, fit_column, layout, line_strip, natural, row_strip
from panels.kit.rows.pausing import pause
from panels.kit.rows.wrapping import wrapped
from panels.kit.theme import raised, styles

CACHED_STRIPS = 512
SHIFT = 12
"""Cells that one press shifts the columns by."""
MAX_NEED = 240
"""A wider text does not ask for more."""


class LiveGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows under columns, newest first.

    Without a cursor the newest rows are shown. The first move puts the cursor on a row, and the view stays with that
    row; ``behind`` counts the rows that arrived above since. A row under the cursor that is no longer listed stays
    where it is, so that no other row takes its place under the operator's finger.
    """

    ALLOW_SELECT = False

    class Opened(Message):
        """The row under the cursor was clicked twice."""

    class Moved(Message):
        """The cursor has moved."""

    class MoreWanted(Message):
        """What comes after the last row was asked for: by going past it, or by a click below it."""

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.columns: tuple[Column, ...] = ()
        self._header: Line = ()
        self._rows: tuple[GridRow, ...] = ()
        self._empty: Line = ()
        self._more: Line = ()
        self._given: tuple[tuple[GridRow, ...], Line, Line] = (), (), ()
        self._pinned: str | None = None
        self._newest: str | None = None
        self._width = 0
        self._places: tuple[tuple[int, int], ...] = ()
        self._needs: tuple[int, ...] = ()
        self._hidden: frozenset[int] = frozenset()
        self._wraps: int | None = None
        self._shift = 0
        self._strips: dict[tuple[tuple[Cell, ...], bool], Strip] = {}
        self.set_columns(columns)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Draw the rows under these columns from now on."""
        if self.columns == tuple(columns):
            return
        self.columns = tuple(columns)
        self._wraps = next((index for index, column in enumerate(columns) if column.wraps), None)
        self._needs, self._shift = (), 0
        self._header = tuple(Cell(column.title, "head") for column in columns)
        self._width = 0
        self.refresh()

    @property
    def rows(self) -> tuple[GridRow, ...]:
        return self._rows if self._wraps is None else tuple(row for row in self._rows if not row.line)

    @property
    def cursor(self) -> int:
        """The cursor's row, its first line, counted from the newest."""
        return self._index(self._pinned) or 0

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor; None while there are no rows."""
        return self._rows[self.cursor].key if self._rows else None

    @property
    def following(self) -> bool:
        """Whether the cursor follows the newest row."""
        return self._pinned is None

    @property
    def at_last(self) -> bool:
        """Whether the cursor is on the last row."""
        return bool(self._rows) and self._pinned is not None and self._rows[-1].key == self._pinned

    @property
    def behind(self) -> int:
        """Rows that arrived above since the cursor left the newest."""
        if self._pinned is None or self._newest is None:
            return 0
        index = self._index(self._newest)
        return self.cursor if index is None else index

    def show(self, rows: Sequence[GridRow], empty: Line = (), more: Line = ()) -> None:
        """Show these rows, or ``empty`` when there are none; ``more`` says below the last row how to go on."""
        self._given = tuple(rows), empty, more
        # Where lines are broken the widths are known before the lines are.
        widened = self._wraps is not None and self._measure(rows)
        before, after = self._rows, self._with_ghost(self._wrapped(tuple(rows)))
        more_before, more = self._more, more if after else ()
        if not widened and before == after and self._empty == empty and more_before == more:
            return
        old_cursor = self.cursor
        self._rows, self._empty, self._more = after, empty, more
        if widened or (self._wraps is None and self._measure(after)):
            self.refresh()
        if self._pinned is not None and self._index(self._pinned) is None:
            self._pinned = after[min(old_cursor, len(after) - 1)].key if after else None
        if self._pinned is None:
            self._newest = None
        cursor = self.cursor
        shift = cursor - old_cursor if self._pinned is not None else 0
        self._stretch(max(0, self.scroll_offset.y + shift))
        if shift:
            self.scroll_to(y=max(0, self.scroll_offset.y + shift), animate=False, force=True)
            self.refresh()
            return
        top, height, width = self.scroll_offset.y, self.size.height - 1, self.size.width
        if not width or not before or not after:
            self.refresh()
            return
        changed = [
            Region(0, 1 + y, width, 1)
            for y in range(height)
            if _line_at(before, more_before, top + y) != _line_at(after, more, top + y)
        ]
        if changed:
            self.refresh(*changed)

    def visible_texts(self) -> list[tuple[int, Column, list[str]]]:
        """Return the visible columns, each with what is drawn of its texts."""
        shown = [(index, self.columns[index], wide) for index, wide in self._places]
        return [
            (index, column, [fit_column(row.cells[index].text, column, wide) for row in self._rows])
            for index, column, wide in shown
        ]

    @property
    def seen_columns(self) -> frozenset[int]:
        """Return the places of the columns that there is room for."""
        return frozenset(index for index, _ in self._places)

    @property
    def shift(self) -> int:
        """How many cells of the columns are out of sight on the left."""
        return self._shift

    def shift_columns(self, by: int) -> None:
        """Shift the columns by so many steps, as far as there is something to see."""
        width = self._width or self.size.width
        most = natural(self.columns, width, self._needs, self._hidden) - width if self._needs else 0
        self._shift = max(0, min(self._shift + by * SHIFT, most))
        self._strips.clear()
        self.refresh()

    def move(self, rows: int) -> None:
        """Move the cursor by this many rows; the first move puts it on the newest."""
        if rows > 0 and self._asked_for_more():
            return
        self._go(0 if self._pinned is None else self._moved(rows))

    def _moved(self, rows: int) -> int:
        if self._wraps is None:
            return self.cursor + rows
        firsts = [index for index, row in enumerate(self._rows) if not row.line]
        return firsts[max(0, min(firsts.index(self.cursor) + rows, len(firsts) - 1))]

    def page(self, pages: int) -> None:
        """Move the cursor by this many pages."""
        if pages > 0 and self._asked_for_more():
            return
        before = self.cursor_key
        self._go(self.cursor + pages * max(1, self.size.height - 2))
        if self._wraps is not None and self.cursor_key == before:
            # A row with more lines than a page has.
            self.move(1 if pages > 0 else -1)

    def _asked_for_more(self) -> bool:
        wanted = bool(self._more) and self.at_last
        if wanted:
            self.post_message(self.MoreWanted())
        return wanted

    def follow(self) -> None:
        """Go back to the newest row, and follow it."""
        self._pinned = self._newest = None
        self.scroll_to(y=0, animate=False)
        self.refresh()
        self.post_message(self.Moved())

    def oldest(self) -> None:
        """Go to the oldest row."""
        self._go(len(self._rows) - 1)

    def pick(self) -> str | None:
        """Return the key of the row under the cursor, on the newest row if there was no cursor; None without rows."""
        if self._rows and self._pinned is None:
            self._go(0)
        return self.cursor_key

    def on_resize(self) -> None:
        self._shift = 0
        self._stretch(self.scroll_offset.y)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        index = event.y - 1 + self.scroll_offset.y
        if event.y >= 1 and index < len(self._rows):
            self._go(index)
            if event.chain > 1:
                self.post_message(self.Opened())
        elif self._more and event.y >= 1 and index == len(self._rows):
            # From there on, wherever the cursor was.
            self.oldest()
            self.post_message(self.MoreWanted())

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.size.width - self.scrollbar_size_vertical
        if width != self._width:
            # A scroll bar that comes or goes changes the width, without a resize event.
            self._width = width
            self._place()
            if self._wraps is not None:
                # The lines were broken for another width.
                self.call_later(self._break_again)
        index = y - 1 + self.scroll_offset.y
        if y > 0 and index >= len(self._rows):
            line: Line = ()
            if y == 1 and not self._rows:
                line = (Cell(" "), *self._empty)
            elif index == len(self._rows) and self._more:
                line = (Cell(" "), *self._more)
            return line_strip(line, width, styles(self.app.theme), self.rich_style)
        cells = self._header if y == 0 else self._rows[index].cells
        marked = y > 0 and self._pinned is not None and self._rows[index].key == self._pinned
        strip = self._strips.get((cells, marked))
        if strip is None:
            if len(self._strips) >= CACHED_STRIPS:
                self._strips.clear()
            theme = self.app.theme
            base = self.rich_style + raised(theme) if marked else self.rich_style
            strip = self._row_strip(cells, width, base)
            self._strips[cells, marked] = strip
            pause(self)
        return strip

    def _row_strip(self, cells: Line, width: int, base: Style) -> Strip:
        look = styles(self.app.theme)
        if not self._shift:
            return row_strip(cells, self.columns, self._places, width, look, base)
        whole = natural(self.columns, width, self._needs, self._hidden)
        places = [(index, max(self._needs[index], self.columns[index].width)) for index, _ in self._places]
        strip = row_strip(cells, self.columns, places, whole, look, base)
        return strip.crop(self._shift, self._shift + width).adjust_cell_length(width, base)

    def _break_again(self) -> None:
        self.show(*self._given)

    def _wrapped(self, rows: tuple[GridRow, ...]) -> tuple[GridRow, ...]:
        if self._wraps is None:
            return rows
        found = self._broken(rows, self._wraps, self.scrollbar_size_vertical)
        if not self.show_vertical_scrollbar and len(found) >= self.size.height:
            # A scroll bar comes with so many lines, and takes room from them.
            return self._broken(rows, self._wraps, self.styles.scrollbar_size_vertical)
        return found

    def _broken(self, rows: tuple[GridRow, ...], index: int, bar: int) -> tuple[GridRow, ...]:
        width = self.size.width - bar
        wide = dict(layout(self.columns, width, self._needs, self._hidden)).get(index, 0) if width > 0 else 0
        return tuple(wrapped(rows, index, wide)) if wide else rows

    def _measure(self, rows: Sequence[GridRow]) -> bool:
        """Learn how wide the texts are; return whether the columns change. Needs only grow: nothing jitters."""
        columns = self.columns
        widest = [0] * len(columns)
        for row in rows:
            for index, cell in enumerate(row.cells[: len(columns)]):
                text = cell.text
                length = len(text) if text.isascii() else cell_len(text)
                if length > widest[index]:
                    widest[index] = length
        hidden = frozenset(
            index for index, column in enumerate(columns) if column.when_used and rows and not widest[index]
        )
        known = self._needs or (0,) * len(columns)
        needs = tuple(min(MAX_NEED, max(pair)) for pair in zip(known, widest, strict=True))
        if needs == self._needs and hidden == self._hidden:
            return False
        self._needs, self._hidden = needs, hidden
        before = self._places
        self._place()
        return self._places != before

    def _place(self) -> None:
        if self._width:
            self._places = layout(self.columns, self._width, self._needs, self._hidden)
            self._strips.clear()

    def _with_ghost(self, after: tuple[GridRow, ...]) -> tuple[GridRow, ...]:
        """Return the rows, with the one under the cursor where it was if it is no longer among them."""
        if self._pinned is None or any(row.key == self._pinned for row in after):
            return after
        index = self._index(self._pinned)
        if index is None:
            return after
        ghost = GridRow(self._pinned, tuple(Cell(cell.text, "muted") for cell in self._rows[index].cells))
        arrived = 0
        if self._newest is not None:
            arrived = next((place for place, row in enumerate(after) if row.key == self._newest), len(after))
            before = self._index(self._newest)
            arrived -= before if before is not None else arrived
        place = min(index + max(0, arrived), len(after))
        return (*after[:place], ghost, *after[place:])

    def _stretch(self, top: int) -> None:
        # Below the last row too, so that the row under the cursor stands still near the end of the list.
        lines = len(self._rows) + 1 + bool(self._more)
        if self._pinned is not None:
            lines = max(lines, top + self.size.height)
        if self.virtual_size != (self.size.width, lines):
            self.virtual_size = Size(self.size.width, lines)

    def _index(self, key: str | None) -> int | None:
        if key is None:
            return None
        return next((index for index, row in enumerate(self._rows) if row.key == key), None)

    def _go(self, index: int) -> None:
        if not self._rows:
            return
        if self._pinned is None:
            self._newest = self._rows[0].key
        index = max(0, min(index, len(self._rows) - 1))
        self._pinned = self._rows[index].key
        lines = sum(row.key == self._pinned for row in self._rows) if self._wraps is not None else 1
        index = self.cursor if lines > 1 else index
        top, page = self.scroll_offset.y, max(1, self.size.height - 1)
        if index < top:
            self.scroll_to(y=index, animate=False)
        elif (last := index + lines - 1 + bool(self._more and index == len(self._rows) - 1)) >= top + page:
            # With the last row comes what is said below it.
            self.scroll_to(y=last - page + 1, animate=False)
        self.refresh()
        self.post_message(self.Moved())


def _line_at(rows: tuple[GridRow, ...], more: Line, index: int) -> GridRow | Line | None:
    if index < len(rows):
        return rows[index]
    return more if index == len(rows) else None
