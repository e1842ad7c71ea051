"""What a panel shows, and how far its data can be trusted: what each panel says of itself. Without widgets."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar, cast

from cockpit.model.commands import Part
from cockpit.model.formatting import coarse_age
from cockpit.model.recorded.pages import LiveRow, RecordedList
from cockpit.model.snapshot import Snapshot
from panels.kit.data_status import DataAge, DataStatus, aged, disconnected, failing
from panels.kit.keymap import KeyMap
from panels.kit.rows.cells import Cell, Column, Detail, GridRow
from panels.kit.rows.row_filter import NO_HEADINGS, Fields, Headings, RowFacts
from panels.kit.view import View

T = TypeVar("T")


class PanelContent(Generic[T]):
    """The items of a panel, their rows, details and ages. ``keys``: the operator's keys, which some texts name.

    ``FED_BY`` is the part of the desk whose failing makes the panel wrong; ``FIELDS`` is what its filter knows.
    """

    TITLE: ClassVar[str]
    COLUMNS: ClassVar[tuple[Column, ...]]
    FIELDS: ClassVar[Fields] = {}
    HEADINGS: ClassVar[Headings] = NO_HEADINGS
    RECORDED: ClassVar[RecordedList | None] = None
    """The recorded list that goes on where the panel's rows end."""
    FED_BY: ClassVar[Part | None] = None
    TIMES_FROM: ClassVar[int] = 0
    """The width from which a list with ages shows times beside them; 0 for one without ages."""

    keys: KeyMap

    def items(self, snapshot: Snapshot) -> Sequence[T]:
        """List what the panel shows, in its order."""
        raise NotImplementedError

    def folded(self, items: Sequence[T]) -> Sequence[T]:
        """Return the items that are listed, where one may stand for several."""
        return items

    def row(self, item: T) -> GridRow:
        """Draw one item."""
        raise NotImplementedError

    def key(self, item: T) -> str:
        """Return what identifies an item, and its row."""
        return self.row(item).key

    def aged(self, item: T, ms: int) -> T:
        """Return an item that the desk lists no more, as it is so much later."""
        return item

    def total(self, snapshot: Snapshot) -> int | None:
        """Return how many items the run of the desk has had until then; None where that is not counted."""
        return None

    def facts(self, item: T) -> RowFacts:
        """Return what a filter can ask of one item, by the names in FIELDS."""
        return {}

    def facts_of_recorded(self, row: LiveRow) -> RowFacts:
        """Return the same of a row of history; called in the thread that reads it."""
        return self.facts(cast(T, row))

    def detail_of(self, item: T, snapshot: Snapshot) -> Detail:
        """Return everything about one item."""
        raise NotImplementedError

    def empty(self, snapshot: Snapshot) -> Cell:
        """Return the text in place of rows while there are none."""
        return Cell("nothing yet", "muted")

    def summary(self, snapshot: Snapshot) -> str:
        """Return the text on the lower edge of the frame."""
        return ""

    def age_of(self, item: T) -> int:
        """Return the age of an item, ms, where TIMES_FROM says that there are ages."""
        raise NotImplementedError

    def quote_id(self, item: T) -> str:
        """Return the id of the request that an item belongs to, whose trace is recorded; empty without one."""
        return ""

    def data_age(self, snapshot: Snapshot) -> int | None:
        """Return the age of the data, ms; None: never read. A list is as old as the snapshot that brings it."""
        return snapshot.tick_ms

    def stale_after(self, snapshot: Snapshot) -> int | None:
        """Return the age from which the data must not be trusted, ms; None: no limit."""
        return None

    def stale_advice(self, snapshot: Snapshot) -> str:
        """Return what to do about stale data."""
        return f"{self.keys.shown('refresh')} refreshes"

    def freshness(self, snapshot: Snapshot) -> str:
        """Return the age beside the title while the data is live."""
        return coarse_age(self.data_age(snapshot) or 0)

    def data_status(self, view: View, snapshot: Snapshot) -> DataStatus:
        """Return how far the data can be trusted now."""
        refresh = self.keys.shown("refresh")
        ages = DataAge(self.data_age(snapshot), self.stale_after(snapshot))
        return (
            disconnected(view)
            or failing(snapshot, self.FED_BY, refresh)
            or aged(ages, refresh, stale_advice=self.stale_advice(snapshot), freshness=self.freshness(snapshot))
        )
