"""The panels on the screen: how many there is room for, on which side, and which of those that share a place."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size

from cockpit.model.snapshot import Snapshot
from panels.kit.actions import PANELS
from panels.kit.keymap import KeyMap
from panels.kit.messages import too_small_to_decide
from panels.kit.notices import NoticeLog
from panels.kit.panel import Panel
from panels.kit.rows.grid import LiveGrid
from panels.kit.rows.pausing import pause
from panels.kit.view import View
from panels.views.decisions import DecisionsPanel
from panels.views.earnings.panel import EarningsPanel
from panels.views.fills import FillsPanel
from panels.views.health import HealthPanel
from panels.views.interlocks import InterlocksPanel
from panels.views.inventory import InventoryPanel
from panels.views.log import LogPanel
from panels.views.market import MarketPanel
from panels.views.quotes import QuotesPanel
from panels.views.transfers import FundsPanel

Room = Literal["tiny", "one", "two", "all"]
"""Too small; one panel and tabs; two columns, where some panels share a place; every panel at once."""

ROOMS: tuple[Room, ...] = ("tiny", "one", "two", "all")
LEAST = Size(80, 24)
TWO = Size(110, 34)
ALL = Size(170, 50)

CLASSES: Mapping[str, type[Panel[Any]]] = {
    "market": MarketPanel,
    "inventory": InventoryPanel,
    "interlocks": InterlocksPanel,
    "health": HealthPanel,
    "decisions": DecisionsPanel,
    "quotes": QuotesPanel,
    "executions": FillsPanel,
    "deposits": FundsPanel,
    "earnings": EarningsPanel,
}
PLACES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "left": (("market",), ("inventory",), ("interlocks", "health")),
    "right": (("decisions",), ("quotes",), ("executions", "deposits", "earnings", "log")),
}
"""The panels of each column; those of one place share it where there is no room for all."""


def room(size: Size) -> Room:
    if size.width < LEAST.width or size.height < LEAST.height:
        return "tiny"
    if size.width < TWO.width or size.height < TWO.height:
        return "one"
    return "all" if size.width >= ALL.width and size.height >= ALL.height else "two"


def cells(size: Size) -> str:
    """Write a size for people."""
    return f"{size.width}×{size.height}"


def too_small(size: Size) -> str:
    """Return why nothing that may let money move can be decided at this size; empty where there is room."""
    return too_small_to_decide(cells(size), cells(LEAST)) if room(size) == "tiny" else ""


def side_of(ident: str) -> str:
    """Return the column a panel is in."""
    return next(side for side, places in PLACES.items() if any(ident in place for place in places))


def place_of(ident: str) -> tuple[str, ...]:
    """Return the panels that share a place with this one, itself included."""
    return next(place for places in PLACES.values() for place in places if ident in place)


class Board(Horizontal):
    """All panels. ``shown`` is the one on the screen where there is room for one only."""

    def __init__(self, keys: KeyMap, noticed: NoticeLog, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown = "decisions"
        self._keys = keys
        self._noticed = noticed
        self._picked = {place: place[0] for places in PLACES.values() for place in places}

    def compose(self) -> ComposeResult:
        numbers = {ident: number % 10 for number, (ident, _) in enumerate(PANELS, start=1)}
        for side, places in PLACES.items():
            with Vertical(id=side, classes="-active" if side == side_of(self.shown) else ""):
                for ident in (ident for place in places for ident in place):
                    panel: Panel[Any]
                    if ident == "log":
                        panel = LogPanel(ident, numbers[ident], self._keys, self._noticed)
                    else:
                        panel = CLASSES[ident](ident, numbers[ident], self._keys)
                    self._mark(panel)
                    yield panel

    def offer(self, view: View, snapshot: Snapshot) -> None:
        """Give every panel the newest view, and the snapshot to show of it."""
        for panel in self.query(Panel):
            panel.offer(view, snapshot)
            pause(self)

    def show_panel(self, ident: str) -> None:
        """Make this the panel that is shown, also where it shares a place."""
        if ident != self.shown:
            # A list that is left follows its newest row again.
            self.query_one(f"#{self.shown}", Panel).grid.follow()
        self.shown = ident
        self._picked[place_of(ident)] = ident
        for panel in self.query(Panel):
            self._mark(panel)
        for side in PLACES:
            self.query_one(f"#{side}").set_class(side == side_of(ident), "-active")

    def _mark(self, panel: Panel[Any]) -> None:
        marks = {"-active": panel.id == self.shown, "-picked": panel.id in self._picked.values()}
        panel.update_classes(marks, update=panel.is_attached)

    @property
    def panels(self) -> Iterable[Panel[Any]]:
        return self.query(Panel)

    @property
    def picked(self) -> tuple[str, ...]:
        """Return the panel that is shown of each place."""
        return tuple(self._picked.values())

    def pick(self, idents: Iterable[str]) -> None:
        """Show these panels of the places that they share, as they were chosen before."""
        for ident in idents:
            self._picked[place_of(ident)] = ident

    def first_of_place(self, ident: str) -> str:
        """Return the panel that is in the same place before another one was chosen."""
        return place_of(ident)[0]

    def beside(self, by: int) -> str:
        """Return the panel as high in the column on the left (-1) or right (1); the shown one at the edge."""
        sides = list(PLACES)
        column = sides.index(side_of(self.shown)) + by
        if not 0 <= column < len(sides):
            return self.shown
        here = next(index for index, place in enumerate(PLACES[side_of(self.shown)]) if self.shown in place)
        places = PLACES[sides[column]]
        return self._picked[places[min(here, len(places) - 1)]]

    def focus_panel(self) -> None:
        """Put the keyboard into the shown panel."""
        self.query_one(f"#{self.shown}", Panel).grid.focus()

    @property
    def market(self) -> MarketPanel:
        return self.query_one(MarketPanel)

    def panel_of(self, grid: LiveGrid) -> Panel[Any] | None:
        return next((panel for panel in self.query(Panel) if panel.grid is grid), None)
