"""P&L: what was earned today, in this run and since a chosen time; the limits used, and the curve of the day."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual.widget import Widget

from cockpit.model.formatting import rounded, utc_time
from cockpit.model.snapshot import Snapshot
from cockpit.model.trading_figures.earnings import EarningsState
from panels.kit.keymap import KeyMap
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow, Line, flow
from panels.kit.rows.row_filter import Fields, RowFacts
from panels.kit.rows.text_lines import LineView
from panels.kit.view import EarnedSince, View
from panels.views.earnings import curve
from panels.views.earnings.figures import Figure, figures, money, spans_of
from panels.views.earnings.limits_used import limit_groups, loss_counts

NAME = Column("", 16)
WIDE_FROM = 64
"""Least width at which a figure is explained beside it."""
LIMIT_LINES = 4
ROOM_FOR_LIMITS = 8
ROOM_FOR_CURVES = 26
"""Rows inside the frame from which on there is room below the limits, or above them for the curves."""
CURVE_HEIGHT = 9
NOT_YET = "no P&L: this picture of the desk holds none"


def columns(since: EarnedSince | None, earnings: EarningsState | None) -> tuple[Column, ...]:
    """Return the columns; the chosen time has one once it is chosen."""
    day = earnings.today if earnings is not None else None
    today = "today" if day is None or day.from_ns % (86_400 * 10**9) == 0 else utc_time(day.from_ns)[:5]
    chosen = () if since is None else (Column(since_text(since.from_ns, earnings), 15, "right"),)
    means = Column("", 10, from_width=WIDE_FROM, grow=True)
    return NAME, Column(today, 11, "right"), Column("this run", 11, "right"), *chosen, means


def since_text(from_ns: int, earnings: EarningsState | None) -> str:
    """Write the chosen time, with the day where it is another."""
    now_ns = 0 if earnings is None else earnings.mid_at_ns
    same_day = from_ns // (86_400 * 10**9) == now_ns // (86_400 * 10**9)
    return f"since {utc_time(from_ns)[:8]}" if same_day else utc_day(from_ns)


def utc_day(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%d %b %H:%M}"


class EarningsPanel(Panel[Figure]):
    TITLE = "P&L"
    COLUMNS = columns(None, None)
    FIELDS: ClassVar[Fields] = {"figure": "text"}

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(ident, number, keys)
        self.headline = LineView(id="pnl-headline")
        self.limits = LineView(id="pnl-limits")
        self.curves = LineView(id="pnl-curves")
        self.curves.display = self.limits.display = False
        self._columns = self.COLUMNS
        self._tall = 0

    def body(self) -> Iterable[Widget]:
        yield self.headline
        yield self.curves
        yield self.grid
        yield self.limits

    def offer(self, view: View, snapshot: Snapshot) -> None:
        if self._view is not None and view.since is not self._view.since:
            self._painted = None
        super().offer(view, snapshot)

    def paint(self, snapshot: Snapshot) -> None:
        wanted = columns(self._since, snapshot.earnings)
        if wanted != self._columns:
            self._columns = wanted
            self.grid.set_columns(wanted)
        super().paint(snapshot)
        width = self.headline.size.width or max(1, self.size.width - 4)
        rewound, room = self.rewound, self.size.height - 2
        unread = rewound is not None and snapshot.earnings is None
        self.headline.show(
            [(Cell(self.note_then(rewound), "muted"),) if unread and rewound else headline(snapshot, width)]
        )
        # Of a moment of before, not all that uses up the limits is known.
        limits = [] if rewound is not None else flow(list(limit_groups(snapshot)), width, gap=" · ")
        self._show_limits(limits, room)
        self.curves.display = room >= ROOM_FOR_CURVES
        if self.curves.display:
            self.curves.show(curves(snapshot, width))

    def _show_limits(self, lines: list[Line], room: int) -> None:
        tall = min(len(lines), LIMIT_LINES if room < ROOM_FOR_CURVES else len(lines))
        self.limits.display = bool(lines) and room >= ROOM_FOR_LIMITS + tall
        if tall != self._tall:
            self._tall = tall
            self.limits.styles.height = tall
        self.limits.show(lines[:tall])

    @property
    def _since(self) -> EarnedSince | None:
        return None if self._view is None else self._view.since

    def items(self, snapshot: Snapshot) -> Sequence[Figure]:
        if snapshot.earnings is None:
            return ()
        return figures(spans_of(snapshot.earnings, self._since, snapshot.at_ns))

    def row(self, item: Figure) -> GridRow:
        chosen = () if self._since is None else (item.since,)
        return GridRow(item.name, (Cell(item.name, "text"), item.today, item.run, *chosen, Cell(item.means, "muted")))

    def facts(self, item: Figure) -> RowFacts:
        return {"figure": f"{item.name} {item.means}"}

    def detail_of(self, item: Figure, snapshot: Snapshot) -> Detail:
        earnings, since = snapshot.earnings, self._since
        assert earnings is not None
        today = "the whole UTC day" if not earnings.note else earnings.note
        fields = [
            Field("figure", Cell(item.name, "strong")),
            Field("meaning", Cell(item.means)),
            Field("today", item.today, copy=True),
            Field("", Cell(today, "muted")),
            Field("this run", item.run),
            Field("", Cell(f"since {utc_time(earnings.run.from_ns)}", "muted")),
        ]
        if since is not None:
            fields += [Field("since", item.since), Field("", Cell(since.problem or utc_day(since.from_ns), "muted"))]
        mid = "unknown" if earnings.mid is None else f"{rounded(earnings.mid, 2)} at {utc_time(earnings.mid_at_ns)}"
        fields += [Field("", Cell("")), Field("marked to", Cell(mid))]
        if self.rewound is None:
            fields.append(Field("limit", Cell(loss_counts(snapshot))))
        return Detail("P&L", tuple(fields))

    def empty(self, snapshot: Snapshot) -> Cell:
        return Cell(NOT_YET, "warn")

    def summary(self, snapshot: Snapshot) -> str:
        earnings, since = snapshot.earnings, self._since
        if since is not None and since.problem:
            return f"✗ {since.problem}"
        if since is not None and not since.read_ns:
            return "reading history…"
        if earnings is not None and earnings.note:
            return f"! {earnings.note}"
        return f"{self.keys.shown('earnings.since')} chooses a time"


def headline(snapshot: Snapshot, width: int) -> Line:
    """Name today's trading P&L and draw how it came to be, and the BTC held."""
    earnings = snapshot.earnings
    if earnings is None:
        return (Cell(NOT_YET, "warn"),)
    span, name = (earnings.run, "this run ") if earnings.today is None else (earnings.today, "today ")
    won = [one for _, one in curve.known(earnings.curve, curve.trading)]
    held = [one for _, one in curve.known(earnings.curve, curve.btc)]
    room = max(0, width - 36) // 2
    return (
        Cell(name, "muted"),
        money(span.trading),
        Cell(" EURe ", "muted"),
        Cell(curve.trend(won, room), "accent"),
        Cell("  BTC ", "muted"),
        Cell(f"{held[-1]:,.5f} " if held else "? "),
        Cell(curve.trend(held, room), "muted"),
    )


def curves(snapshot: Snapshot, width: int) -> list[Line]:
    """Draw the curve of P&L beside that of the BTC held."""
    points = () if snapshot.earnings is None else snapshot.earnings.curve
    half = (width - 2) // 2
    left = curve.curve(points, curve.trading, half, CURVE_HEIGHT, "trading P&L today, EURe", 2)
    right = curve.curve(points, curve.btc, half, CURVE_HEIGHT, "BTC held", 5)
    if not left or not right:
        return left or right or [(Cell("◌ the curve starts with the second minute", "muted"),)]
    padded = [(*one, Cell(" " * (half - sum(len(cell.text) for cell in one)))) for one in left]
    return [(*one, Cell("  "), *other) for one, other in zip(padded, right, strict=True)]
