"""Market: the reference mid, our bid and ask, the sources, and the chart."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.widget import Widget

from cockpit.model.formatting import NOTHING, age, exact_age, number, rounded
from cockpit.model.market_requests import requests_by_market
from cockpit.model.other_pairs import other_pairs_text
from cockpit.model.snapshot import MarketState, Snapshot, SourceRow
from panels.kit.keymap import KeyMap
from panels.kit.labels import state
from panels.kit.messages import too_old_to_quote
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow, Line
from panels.kit.rows.row_filter import Fields, RowFacts
from panels.kit.rows.text_lines import LineView
from panels.kit.view import NS_PER_S
from panels.views.chart import ChartMark, chart

COLUMNS = (
    Column("source", 9),
    Column("bid", 11, "right", from_width=66),
    Column("ask", 11, "right", from_width=66),
    Column("mid EUR", 11, "right"),
    Column("off bps", 7, "right"),
    Column("age", 5, "right", ticks=True),
    Column("state", 10, grow=True),
)

ROOM_FOR_REQUESTS = 10
"""Rows of a panel that has room for the requests by market below prices, chart and sources."""


def prices_line(market: MarketState) -> Line:
    """Name bid, mid and ask; and σ where it is known."""
    if market.mid is None:
        return (Cell("no mid: ", "warn"), Cell(market.detail or "no source has ticked yet", "muted"))
    return (
        Cell("▲ bid ", "buy"),
        Cell(rounded(market.bid, 2), "buy"),
        Cell("   mid " if market.usable else "   ✗ mid ", "muted" if market.usable else "bad"),
        Cell(rounded(market.mid, 2), "strong" if market.usable else "bad"),
        Cell("   ▼ ask ", "sell"),
        Cell(rounded(market.ask, 2), "sell"),
        *((Cell(f"   σ {rounded(market.sigma_bps, 1)} bps", "muted"),) if market.sigma_bps is not None else ()),
    )


def requests_line(snapshot: Snapshot, width: int) -> Line:
    """Name the requests of each market, and what is known of the others, as far as ``width`` cells have room.

    Nothing before the first request.
    """
    rows, covered_ms = snapshot.demand_by_market, snapshot.demand_ms
    if not any(row.buys or row.sells for row in rows):
        return ()
    others = other_pairs_text(snapshot.counts)
    long, short = (requests_by_market(rows, covered_ms, short=short) for short in (False, True))
    return _first_that_fits((f"{long} · {others}", f"{short} · {others}", long, short), width)


def _first_that_fits(texts: Sequence[str], width: int) -> Line:
    return (Cell(next((text for text in texts if cell_len(text) <= width), texts[-1]), "muted"),)


def latency_line(snapshot: Snapshot, width: int) -> Line:
    """Name how long requests take from the relay to here, and how many are legs or dry; nothing before the first."""
    latency, counts = snapshot.relay_latency, snapshot.counts
    if not latency.requests:
        return ()
    kinds = f" · {number(counts.router_legs)} router legs · {number(counts.dry)} dry, not counted as requests"
    if latency.p50_ms is None:
        return (Cell(f"relay latency unknown: no request is dated{kinds}", "muted"),)
    text = f"relay latency p50 {latency.p50_ms} ms, p99 {latency.p99_ms} ms"
    offset = ", incl. the clocks' offset"
    dated = (
        "" if latency.dated == latency.requests else f" · {number(latency.dated)} of {number(latency.requests)} dated"
    )
    return _first_that_fits((f"{text}{offset}{dated}{kinds}", f"{text}{offset}", f"{text} ± clocks"), width)


def source_row(row: SourceRow) -> GridRow:
    """Draw a source under COLUMNS, its detail behind its state."""
    return GridRow(
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
    return Detail(
        row.source,
        (
            Field("state", state(row.state)),
            Field("detail", Cell(row.detail or "none")),
            Field("bid", Cell(rounded(row.bid, 2))),
            Field("ask", Cell(rounded(row.ask, 2))),
            Field("mid", Cell(rounded(row.mid, 4)), copy=True),
            Field("off composite", Cell(f"{rounded(row.divergence_bps, 2, signed=True)} bps")),
            Field("last tick", Cell(exact_age(row.age_ms))),
        ),
    )


def fills(snapshot: Snapshot) -> list[ChartMark]:
    """List the fills to mark on the chart."""
    return [ChartMark(row.age_ms / 1000, float(row.price), row.side) for row in snapshot.executions]


class MarketPanel(Panel[SourceRow]):
    TITLE = "Market BTC/EURe"
    COLUMNS = COLUMNS
    FED_BY = "market-reference-ingest"
    FIELDS: ClassVar[Fields] = {"source": "text", "state": "text", "mid": "number", "off": "number", "age": "age"}

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(ident, number, keys)
        self.prices = LineView(id="prices")
        self.requests = LineView(id="requests")
        self.latency = LineView(id="latency")
        self.curve = LineView(id="curve")
        self.requests.display = self.latency.display = False
        self._drawn: tuple[str, int, int, int] | None = None

    def body(self) -> Iterable[Widget]:
        yield self.prices
        yield self.requests
        yield self.latency
        yield self.curve
        yield self.grid

    def paint(self, snapshot: Snapshot) -> None:
        super().paint(snapshot)
        market, size = snapshot.market, self.curve.size
        self.prices.show([prices_line(market)])
        requests = requests_line(snapshot, self.requests.size.width or self.size.width)
        self._make_room(self.requests, bool(requests))
        self.requests.show([requests])
        latency = latency_line(snapshot, self.latency.size.width or self.size.width)
        self._make_room(self.latency, bool(latency))
        self.latency.show([latency])
        wanted = (snapshot.run_id, snapshot.at_ns // NS_PER_S, size.width, size.height)
        if wanted != self._drawn:
            self._drawn = wanted
            self.curve.show(self._curve(snapshot))

    def _make_room(self, line: LineView, wanted: bool) -> None:
        shown = wanted and self.size.height >= ROOM_FOR_REQUESTS
        if line.display != shown:
            line.display = shown
            # The curve gets another height, and is drawn for it.
            self.call_after_refresh(self._repaint)

    def _curve(self, snapshot: Snapshot) -> list[Line]:
        market, size = snapshot.market, self.curve.size
        if len(market.chart) < 2:
            return [(Cell("◌ the chart starts with the second price", "muted"),)]
        return chart(
            market.chart,
            size.width,
            size.height,
            bid=None if market.bid is None else float(market.bid),
            ask=None if market.ask is None else float(market.ask),
            fills=fills(snapshot),
        )

    def items(self, snapshot: Snapshot) -> Sequence[SourceRow]:
        return snapshot.market.sources

    def row(self, item: SourceRow) -> GridRow:
        return source_row(item)

    def facts(self, item: SourceRow) -> RowFacts:
        return {
            "source": item.source,
            "state": f"{item.state} {item.detail}",
            "mid": item.mid,
            "off": item.divergence_bps,
            "age": None if item.age_ms is None else item.age_ms // 1000,
        }

    def detail_of(self, item: SourceRow, snapshot: Snapshot) -> Detail:
        return source_detail(item)

    def empty(self, snapshot: Snapshot) -> Cell:
        return Cell("no reference source", "warn")

    def data_age(self, snapshot: Snapshot) -> int | None:
        return snapshot.market.age_ms

    def stale_after(self, snapshot: Snapshot) -> int | None:
        return snapshot.limits.max_reference_age_ms

    def stale_advice(self, snapshot: Snapshot) -> str:
        return too_old_to_quote(self.keys.shown("refresh"))

    def summary(self, snapshot: Snapshot) -> str:
        market = snapshot.market
        skew = "" if market.skew_bps is None else f" · skew {rounded(market.skew_bps, 1, signed=True)} bps"
        return f"✓ usable{skew}" if market.usable else f"✗ NOT USABLE: {market.detail}"
