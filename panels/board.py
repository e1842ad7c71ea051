"""The panels on the screen: which there are, on which side, and which one is shown where there is room for one."""

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from cockpit.keys import PANELS
from cockpit.snapshot import Snapshot
from panels.decisions import Decisions
from panels.deposits import Deposits
from panels.executions import Executions
from panels.grid import LiveGrid
from panels.health import Health
from panels.inventory import Inventory
from panels.market import Market
from panels.panel import Panel
from panels.quotes import Quotes

CLASSES: Mapping[str, type[Panel]] = {
    "market": Market,
    "inventory": Inventory,
    "health": Health,
    "decisions": Decisions,
    "quotes": Quotes,
    "executions": Executions,
    "deposits": Deposits,
}
LEFT = ("market", "inventory", "health")


class Board(Horizontal):
    """All panels. ``shown`` is the one that has the screen where there is room for one only."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown = "decisions"
        self._painted: tuple[str, int] | None = None

    def compose(self) -> ComposeResult:
        """Two columns of panels."""
        for side in ("left", "right"):
            with Vertical(id=side):
                for number, (ident, _) in enumerate(PANELS, start=1):
                    if (ident in LEFT) == (side == "left"):
                        yield CLASSES[ident](ident, number)

    def offer(self, snapshot: Snapshot) -> None:
        """Give every panel a snapshot that was not painted yet."""
        offered = (snapshot.run_id, snapshot.seq)
        if offered != self._painted:
            self._painted = offered
            for panel in self.query(Panel):
                panel.offer(snapshot)

    def show_panel(self, ident: str) -> None:
        """Make this the panel that is shown."""
        self.shown = ident
        for panel in self.query(Panel):
            panel.set_class(panel.id == ident, "-active")
        for side in ("left", "right"):
            self.query_one(f"#{side}").set_class((ident in LEFT) == (side == "left"), "-active")

    def focus_panel(self) -> None:
        """Put the keyboard into the shown panel."""
        self.query_one(f"#{self.shown}", Panel).grid.focus()

    def panel_of(self, grid: LiveGrid) -> Panel | None:
        """The panel a grid is in."""
        return next((panel for panel in self.query(Panel) if panel.grid is grid), None)
