"""Market: the reference mid, what we would bid and ask, the sources, and the chart."""

from textual.app import ComposeResult

from cockpit.format import NOTHING, age, fine_age, rounded
from cockpit.snapshot import Market as Reference
from cockpit.snapshot import Snapshot, SourceRow
from panels.cells import Cell, Column, Detail, Field, Line, Row
from panels.chart import chart
from panels.lines import LineView
from panels.panel import Panel
from panels.words import state

COLUMNS = (
    Column("source", 9),
    Column("bid", 11, "right", from_width=66),
    Column("ask", 11, "right", from_width=66),
    Column("mid EUR", 11, "right"),
    Column("off bps", 7, "right"),
    Column("age", 5, "right", ticks=True),
    Column("state", 10, grow=True),
)


def prices_line(market: Reference) -> Line:
    """Our bid, the mid, our ask."""
    if market.mid is None:
        return (Cell("no mid: ", "warn"), Cell(market.detail or "no source has ticked yet", "muted"))
    return (
        Cell("bid ", "muted"),
        Cell(rounded(market.bid, 2), "buy"),
        Cell("    mid ", "muted"),
        Cell(rounded(market.mid, 2), "strong" if market.usable else "bad"),
        Cell("    ask ", "muted"),
        Cell(rounded(market.ask, 2), "sell"),
    )


def source_row(row: SourceRow) -> Row:
    """A source under COLUMNS; what the state does not say, its detail does."""
    return Row(
        row.source,
        (
            Cell(row.source, "text"),
            Cell(rounded(row.bid, 2, missing=NOTHING)),
            Cell(rounded(row.ask, 2, missing=NOTHING)),
            Cell(rounded(row.mid, 2, missing=NOTHING), "strong"),
            Cell(rounded(row.divergence_bps, 1, signed=True, missing=NOTHING)),
            Cell(age(row.age_ms), "muted"),
            Cell(f"{state(row.state).text} {row.detail}".rstrip(), state(row.state).role),
        ),
    )


def source_detail(row: SourceRow) -> Detail:
    """The whole source."""
    return Detail(
        row.source,
        (
            Field("state", state(row.state)),
            Field("says", Cell(row.detail or "nothing")),
            Field("bid", Cell(rounded(row.bid, 2))),
            Field("ask", Cell(rounded(row.ask, 2))),
            Field("mid", Cell(rounded(row.mid, 4))),
            Field("from composite", Cell(f"{rounded(row.divergence_bps, 2, signed=True)} bps")),
            Field("last tick", Cell(fine_age(row.age_ms))),
        ),
    )


class Market(Panel):
    """The reference price."""

    TITLE = "Market BTC/EURe"
    COLUMNS = COLUMNS

    def __init__(self, ident: str, number: int) -> None:
        super().__init__(ident, number)
        self.prices = LineView(id="prices")
        self.curve = LineView(id="curve")
        self._drawn: tuple[int, int, int] | None = None

    def compose(self) -> ComposeResult:
        """The prices, the chart, the sources."""
        yield self.prices
        yield self.curve
        yield self.grid

    def paint(self, snapshot: Snapshot) -> None:
        """Show the prices; the chart is drawn at most once a second."""
        super().paint(snapshot)
        market, size = snapshot.market, self.curve.size
        self.prices.show([prices_line(market)])
        wanted = (snapshot.at_ns // 1_000_000_000, size.width, size.height)
        if wanted != self._drawn:
            self._drawn = wanted
            waiting: list[Line] = [(Cell("the chart needs two prices", "muted"),)] if len(market.chart) < 2 else []
            self.curve.show(waiting or chart(market.chart, size.width, size.height))

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """One row a source."""
        return [source_row(row) for row in snapshot.market.sources]

    def empty(self, snapshot: Snapshot) -> Cell:
        """No source is set up."""
        return Cell("no reference source", "warn")

    def summary(self, snapshot: Snapshot) -> str:
        """The guard's verdict."""
        market = snapshot.market
        skew = "" if market.skew_bps is None else f" · skew {rounded(market.skew_bps, 1, signed=True)} bps"
        return f"reference usable{skew}" if market.usable else f"NOT USABLE: {market.detail}"

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """One source, whole."""
        row = next((row for row in snapshot.market.sources if row.source == key), None)
        return None if row is None else source_detail(row)
