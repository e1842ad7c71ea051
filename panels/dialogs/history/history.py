"""Recorded rows, page after page back to the start; a row opens its trace, a day its report."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.formatting import counted, utc_moment
from cockpit.model.printable import printable
from cockpit.model.recorded.pages import (
    LISTS,
    Cursor,
    LiveFilter,
    RecordedList,
    RecordedPage,
    RecordedRow,
    RecordedText,
    until,
)
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.dialogs.history import messages
from panels.dialogs.history.columns import COLUMNS
from panels.dialogs.history.day_report import DayReportDialog
from panels.dialogs.history.port import HistoryPort
from panels.dialogs.history.recorded_text import RecordedTextDialog
from panels.dialogs.outcome import Message
from panels.kit.rows.cells import Cell, GridRow
from panels.kit.rows.grid import LiveGrid

MOST_ROWS = 5_000
"""Rows kept at once; more are found by looking for an earlier day."""
LETTERS = 200


class HistoryDialog(Dialog[int]):
    """Returns the moment to rewind to, UTC ns.

    One question is read at a time; what was asked before the list or the search changed is not shown. ``live`` and
    ``from_ns`` (UTC): the filter of the live list that goes on here, and the moment of its last row, for its own list.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "edge(-1)", show=False),
        Binding("end,G", "edge(1)", show=False),
        Binding("enter", "open", show=False),
        Binding("o", "report", show=False),
        Binding("R", "rewind", show=False),
        Binding("slash", "look_for", show=False),
        Binding("n", "older", show=False),
        Binding("f", "live_filter", show=False),
        Binding("N", "newest", show=False),
        Binding("q", "dismiss", show=False),
        *(Binding(str(number), f"list('{name}')", show=False) for number, name in enumerate(LISTS, start=1)),
    ]

    def __init__(
        self,
        desk: DeskPort,
        history: HistoryPort,
        name: RecordedList = "fills",
        *,
        live: LiveFilter | None = None,
        from_ns: int | None = None,
    ) -> None:
        super().__init__(desk, "")
        self._history = history
        self._name: RecordedList = name
        self._live_name: RecordedList = name
        self._live = live
        self._filtered = True
        self._from_ns = from_ns
        self._query = ""
        self._rows: list[RecordedRow] = []
        self._older: Cursor | None = None
        self._ended = False
        self._asked = 0
        """Counts the questions, so that a late answer to an earlier one is known."""
        self._reading = False
        self._said = ""
        self.grid = LiveGrid(COLUMNS[name], id="recorded")
        self.grid.can_focus = False
        self.entry = Input(placeholder=messages.PLACEHOLDER, compact=True, max_length=LETTERS, id="look-for")
        self.entry.cursor_blink = False
        self.entry.display = False

    def body(self) -> Iterable[Widget]:
        yield self.grid
        yield self.entry
        yield self.message_line

    def on_mount(self) -> None:
        super().on_mount()
        self._start()

    def own_keys(self) -> Iterable[str]:
        if self._live is not None and self._name == self._live_name:
            yield messages.WITHOUT_FILTER if self._filtered else messages.WITH_FILTER
        if self._first_ns is not None:
            yield messages.FROM_NEWEST
        yield from messages.KEYS

    @property
    def _filter(self) -> LiveFilter | None:
        """Return the filter in force: it is of one list."""
        return self._live if self._filtered and self._name == self._live_name else None

    @property
    def _first_ns(self) -> int | None:
        """Return the moment from which the list goes back; None from the newest row."""
        return self._from_ns if self._name == self._live_name and not self._query else None

    # Reading.

    def _start(self) -> None:
        """Forget what is shown, and read the first page."""
        older = None if self._first_ns is None else until(self._first_ns)
        self._rows, self._older, self._ended = [], older, False
        self.grid.follow()
        # Rows before columns: those of another list have other cells.
        self.grid.show(())
        self.grid.set_columns(COLUMNS[self._name])
        self._ask()

    def _ask(self) -> None:
        self._asked += 1
        asked, self._reading = self._asked, True
        self._say(messages.READING)
        self._history.page(
            self._name, self._query, self._older, lambda found: self._answered(asked, found), self._filter
        )

    def _answered(self, asked: int, found: RecordedPage | str) -> None:
        if asked != self._asked or not self.is_attached:
            return
        self._reading = False
        if isinstance(found, str):
            self._ended = True
            self._say(found, "warning")
            return
        first = not self._rows
        self._rows += found.rows[: MOST_ROWS - len(self._rows)]
        self._older, self._ended = found.older, found.older is None
        self._show()
        if first and self._rows:
            self.grid.move(0)
        if found.searched_ns is not None:
            self._say(messages.searched(utc_moment(found.searched_ns).removesuffix(" UTC")))
        else:
            end = messages.START if self._ended else "n or the last row reads older ones"
            self._say(f"{counted(len(self._rows), 'row')} · {end}" if self._rows else messages.NOTHING_FOUND)

    def _show(self) -> None:
        rows = [GridRow(row.key, tuple(Cell(text, row.tone) for text in row.cells)) for row in self._rows]
        self.grid.show(rows, (Cell(messages.NOTHING_FOUND, "muted"),))
        self._write_title()

    def _write_title(self) -> None:
        live, first_ns = self._filter, self._first_ns
        parts = ["History", *(f"[{name}]" if name == self._name else name for name in LISTS)]
        parts += [
            printable(f"/{live.text}") if live else "",
            f"until {utc_moment(first_ns)}" if first_ns is not None else "",
            self._query,
        ]
        self.query_one("#box").border_title = Content(" · ".join(part for part in parts if part))

    def _say(self, text: str, severity: str = "information") -> None:
        self._said = text
        self.show_message(Message(text, "warning" if severity == "warning" else "information"))
        self._write_title()

    # What its keys do.

    def action_move(self, rows: int) -> None:
        self.grid.move(rows)
        self._read_on_at_the_end()

    def action_page(self, pages: int) -> None:
        self.grid.page(pages)
        self._read_on_at_the_end()

    def action_edge(self, to: int) -> None:
        if to < 0:
            self.grid.move(-len(self._rows))
        else:
            self.grid.oldest()
            self._read_on_at_the_end()

    def _read_on_at_the_end(self) -> None:
        if self._rows and self.grid.cursor >= len(self._rows) - 1:
            self.action_older()

    def action_older(self) -> None:
        if self._reading or self._ended:
            return
        if len(self._rows) >= MOST_ROWS:
            self._say(messages.limit_reached(MOST_ROWS), "warning")
            return
        self._ask()

    def action_list(self, name: RecordedList) -> None:
        if name != self._name:
            self._name = name
            self._start()

    def action_live_filter(self) -> None:
        """Drop the filter of the live list, or take it again."""
        if self._live is not None and self._name == self._live_name:
            self._filtered = not self._filtered
            self._start()

    def action_newest(self) -> None:
        """Go back from the newest row, not from where the live list ended."""
        if self._first_ns is not None:
            self._from_ns = None
            self._start()

    def action_look_for(self) -> None:
        self.entry.display = True
        self.set_focus(self.entry)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_entry()
        self._query = event.value.strip()
        self._start()

    def _close_entry(self) -> None:
        self.set_focus(None)
        self.entry.display = False

    def action_back(self) -> None:
        """Close the line, then drop what is looked for, then close the dialog."""
        if self.entry.display:
            self._close_entry()
        elif self._query:
            self._query = self.entry.value = ""
            self._start()
        else:
            self.dismiss(None)

    def action_open(self) -> None:
        row = self._chosen()
        if row is None:
            return
        if row.quote is None:
            self.answer_key(messages.NO_TRACE)
        else:
            self._say(messages.READING)
            self._history.trace(*row.quote, self._open_text)

    def action_report(self) -> None:
        row = self._chosen()
        if row is not None:
            self.open_next(DayReportDialog(self.desk, self._history, row.at_ns))

    def action_rewind(self) -> None:
        row = self._chosen()
        if row is not None:
            self.dismiss(row.at_ns)

    def _open_text(self, found: RecordedText | str) -> None:
        if not self.is_attached:
            return
        if isinstance(found, str):
            self._say(found, "warning")
            return
        self._say(counted(len(self._rows), "row"))
        self.open_next(RecordedTextDialog(self.desk, found))

    def _chosen(self) -> RecordedRow | None:
        key = self.grid.pick()
        return next((row for row in self._rows if row.key == key), None)
