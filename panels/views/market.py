"""Market: the reference mid, our bid and ask, the sources, and the chart."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.widget import Widget

from cockpit.model.formatting import NOTHING, counted, exact_age, number, rounded, row_age
from cockpit.model.other_pairs import other_pairs_text
from cockpit.model.snapshot import MarketState, Snapshot, SourceRow
from cockpit.model.trading_figures.market_requests import requests_by_market
from cockpit.model.trading_figures.price_course import PriceCourse
from panels.kit.keymap import KeyMap
from panels.kit.labels import state
from panels.kit.messages import too_old_to_quote
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow, Line, line_width
from panels.kit.rows.row_filter import Fields, Headings, RowFacts
from panels.kit.rows.text_lines import LineView
from panels.kit.view import NS_PER_S, Rewound, View
from panels.views.chart import Band, ChartMark, Extent, Point, chart

RANGES: tuple[tuple[int, str], ...] = (
    (60, "1 min"),
    (300, "5 min"),
    (900, "15 min"),
    (3_600, "1 h"),
    (21_600, "6 h"),
    (86_400, "24 h"),
    (604_800, "7 d"),
)
"""What the chart may show: seconds, and their name."""
USUAL_RANGE = 1
LIVE_GAP_S = 6.0
"""The desk notes the mid once a second and its own prices every five: longer apart, nothing was known between."""
LIVE_S = 300
"""How far back a snapshot goes."""

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


def prices_line(market: MarketState, width: int) -> Line:
    """Name bid, mid and ask; and σ where it is known and ``width`` has room for it."""
    if market.mid is None:
        return (Cell("no mid: ", "warn"), Cell(market.detail or "no source has ticked yet", "muted"))
    prices: Line = (
        Cell("▲ bid ", "buy"),
        Cell(rounded(market.bid, 2), "buy"),
        Cell("   mid " if market.usable else "   ✗ mid ", "muted" if market.usable else "bad"),
        Cell(rounded(market.mid, 2), "strong" if market.usable else "bad"),
        Cell("   ▼ ask ", "sell"),
        Cell(rounded(market.ask, 2), "sell"),
    )
    sigma = () if market.sigma_bps is None else (Cell(f"   σ {rounded(market.sigma_bps, 1)} bps", "muted"),)
    return (*prices, *sigma) if line_width((*prices, *sigma)) <= width else prices


def requests_line(snapshot: Snapshot, width: int, *, rewound: bool = False) -> Line:
    """Name the requests of each market, and what is known of the others, as far as ``width`` cells have room.

    Nothing before the first request.
    """
    rows, covered_ms = snapshot.demand_by_market, snapshot.demand_ms
    if not any(row.buys or row.sells for row in rows):
        return ()
    # Of other pairs nothing is recorded.
    others = "" if rewound else other_pairs_text(snapshot.counts)
    long, short = (requests_by_market(rows, covered_ms, short=short) for short in (False, True))
    with_others = (f"{long} · {others}", f"{short} · {others}") if others else ()
    return _first_that_fits((*with_others, long, short), width)


def _first_that_fits(texts: Sequence[str], width: int) -> Line:
    return (Cell(next((text for text in texts if cell_len(text) <= width), texts[-1]), "muted"),)


def latency_line(snapshot: Snapshot, width: int) -> Line:
    """Name how long requests take from the relay to here, and how many are legs or dry; nothing before the first."""
    latency, counts = snapshot.relay_latency, snapshot.counts
    if not latency.requests:
        return ()
    kinds = f" · {counted(counts.router_legs, 'router leg')} · {number(counts.dry)} dry, not counted as requests"
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
            Cell(row_age(row.age_ms), "muted"),
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


def fills(snapshot: Snapshot, course: PriceCourse | None = None) -> list[ChartMark]:
    """List the fills to mark on the chart, those of history first."""
    newer = snapshot.market.chart_fills
    first_ns = newer[0].at_ns if newer else snapshot.at_ns
    older = () if course is None else (fill for fill in course.fills if fill.at_ns < first_ns)
    return [ChartMark(_ago(snapshot, fill.at_ns), fill.price, fill.side) for fill in (*older, *newer)]


def own_prices(snapshot: Snapshot, course: PriceCourse | None = None) -> list[Band]:
    """List the desk's own prices, those of history first, those of now last."""
    market, newer = snapshot.market, snapshot.market.own_prices
    first_ns = newer[0].at_ns if newer else snapshot.at_ns
    older = () if course is None else (one for one in course.prices if one.at_ns < first_ns)
    bands = [Band(_ago(snapshot, one.at_ns), one.bid, one.ask) for one in (*older, *newer)]
    bid, ask = (None if price is None else float(price) for price in (market.bid, market.ask))
    return [*bands, Band(0.0, bid, ask)]


def points(snapshot: Snapshot, course: PriceCourse | None = None) -> list[Point]:
    """List the mids, those of history first."""
    newer = snapshot.market.chart
    first_s = newer[0][0] if newer else 0.0
    older = () if course is None else ((_ago(snapshot, one.at_ns), one.mid) for one in course.points)
    return [*(point for point in older if point[0] > first_s), *newer]


def _ago(snapshot: Snapshot, at_ns: int) -> float:
    return (snapshot.at_ns - at_ns) / NS_PER_S


class MarketPanel(Panel[SourceRow]):
    TITLE = "Market BTC/EURe"
    COLUMNS = COLUMNS
    FED_BY = "market-reference-ingest"
    HEADINGS: ClassVar[Headings] = {"mid_eur": "mid", "off_bps": "off"}
    FIELDS: ClassVar[Fields] = {
        "source": "text",
        "state": "text",
        "mid": "number",
        "off": "number",
        "age": "age",
        "bid": "number",
        "ask": "number",
    }

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(ident, number, keys)
        self.prices = LineView(id="prices")
        self.requests = LineView(id="requests")
        self.latency = LineView(id="latency")
        self.curve = LineView(id="curve")
        self.requests.display = self.latency.display = False
        self._drawn: tuple[object, ...] | None = None
        self._range = USUAL_RANGE

    def body(self) -> Iterable[Widget]:
        yield self.prices
        yield self.requests
        yield self.latency
        yield self.curve
        yield self.grid

    def offer(self, view: View, snapshot: Snapshot) -> None:
        if self._view is not None and view.course is not self._view.course:
            self._painted = None
        super().offer(view, snapshot)

    def paint(self, snapshot: Snapshot) -> None:
        super().paint(snapshot)
        market, size = snapshot.market, self.curve.size
        self.prices.show([prices_line(market, self.prices.size.width)])
        width = self.requests.size.width or self.size.width
        requests = requests_line(snapshot, width, rewound=self.rewound is not None)
        self._make_room(self.requests, bool(requests))
        self.requests.show([requests])
        latency = latency_line(snapshot, self.latency.size.width or self.size.width)
        self._make_room(self.latency, bool(latency))
        self.latency.show([latency])
        seconds = max(1, self.range_s // 300)
        wanted = (snapshot.run_id, snapshot.at_ns // NS_PER_S // seconds, size, self._range, self._course())
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
        size, course = self.curve.size, self._course()
        step_s = 0.0 if course is None else course.step_ns / NS_PER_S
        extent = Extent(snapshot.at_ns, float(self.range_s), max(LIVE_GAP_S, step_s * 1.5))
        drawn = chart(
            points(snapshot, course),
            size.width,
            size.height,
            extent,
            bands=own_prices(snapshot, course),
            fills=fills(snapshot, course),
        )
        return drawn or [(Cell("◌ the chart starts with the second price", "muted"),)]

    @property
    def range_s(self) -> int:
        """Return how many seconds the chart shows."""
        return RANGES[self._range][0]

    @property
    def range_beyond_s(self) -> int | None:
        """Return the seconds for which history must be read; None while the snapshot goes back far enough."""
        return self.range_s if self.range_s > LIVE_S or self.rewound is not None else None

    def zoom_chart(self, by: int) -> str:
        """Show a longer or shorter time; return its name, empty at either end."""
        wanted = self._range + by
        if not 0 <= wanted < len(RANGES):
            return ""
        self._range = wanted
        self._repaint()
        return RANGES[wanted][1]

    def _course(self) -> PriceCourse | None:
        course = None if self._view is None else self._view.course
        if course is None or self.range_beyond_s is None:
            return None
        if self.rewound is not None:
            return course
        return course if (course.to_ns - course.from_ns) // NS_PER_S == self.range_s else None

    def _chart_text(self) -> str:
        name = RANGES[self._range][1]
        if self.range_beyond_s is None or self._course() is not None:
            return name
        problem = "" if self._view is None else self._view.course_problem
        return f"{name}: {problem or 'reading history…'}"

    def note_then(self, rewound: Rewound) -> str:
        return f"{super().note_then(rewound)} · chart {RANGES[self._range][1]}"

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
            "bid": item.bid,
            "ask": item.ask,
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
        usable = f"✓ usable{skew}" if market.usable else f"✗ NOT USABLE: {market.detail}"
        return f"{usable} · chart {self._chart_text()}"
