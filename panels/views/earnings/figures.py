"""The rows of the P&L panel: a figure a row, and what it is today, in this run and since a chosen time. Pure."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from cockpit.model.formatting import NOTHING, number, percent, rounded
from cockpit.model.trading_figures.earnings import EarnedSpan, EarningsState
from panels.kit.rows.cells import Cell
from panels.kit.view import EarnedSince

HOUR_NS = 3_600 * 10**9


class Spans(NamedTuple):
    """The spans that are shown side by side, None where unknown; the mid values fees in BTC. ``now_ns``: UTC."""

    today: EarnedSpan | None
    run: EarnedSpan
    since: EarnedSpan | None
    mid: Decimal | None
    now_ns: int


class Figure(NamedTuple):
    """A row: its name, its unit and its meaning, and its value of each span."""

    name: str
    means: str
    today: Cell
    run: Cell
    since: Cell


Value = Callable[[EarnedSpan, Spans], Cell]


def money(value: Decimal | None, places: int = 2) -> Cell:
    """Draw an amount of EURe that was won or lost."""
    text = rounded(value, places, signed=True)
    return Cell(text, "muted" if value is None or not value else "good" if value > 0 else "bad")


def _fees(span: EarnedSpan, spans: Spans) -> Cell:
    if span.fee_btc and spans.mid is None:
        return Cell(rounded(None, 4), "muted")
    return Cell(rounded(span.fee_eure + span.fee_btc * (spans.mid or 0), 4), "muted")


def _per_hour(span: EarnedSpan, spans: Spans) -> Cell:
    passed_ns = spans.now_ns - span.from_ns
    return Cell(rounded(Decimal(span.fills) * HOUR_NS / passed_ns, 1) if passed_ns > 0 else NOTHING)


def _won(span: EarnedSpan, spans: Spans) -> Cell:
    return Cell(f"{percent(span.win_rate)} %" if span.sent else NOTHING)


def _markout(place: int) -> Value:
    def value(span: EarnedSpan, spans: Spans) -> Cell:
        mark = span.markouts[place] if place < len(span.markouts) else None
        if mark is None or mark.bps is None:
            return Cell(NOTHING, "muted")
        return Cell(rounded(mark.bps, 2, signed=True), "good" if mark.bps > 0 else "bad" if mark.bps < 0 else "text")

    return value


FIGURES: tuple[tuple[str, str, Value], ...] = (
    ("trading EURe", "the fills, marked to the mid", lambda span, _: money(span.trading)),
    ("spread EURe", "edge of the fills when priced", lambda span, _: money(span.spread)),
    ("held BTC EURe", "what was held, as the mid moved", lambda span, _: money(span.revaluation)),
    ("total EURe", "trading and held BTC together", lambda span, _: money(span.total)),
    ("fees EURe", "protocol fee, part of what fills gave", _fees),
    ("markout 1s bps", "the mid's move in our favour 1 s later", _markout(0)),
    ("markout 10s bps", "the same after 10 s", _markout(1)),
    ("markout 60s bps", "after 60 s; below zero: takers knew more", _markout(2)),
    ("markout 300s bps", "the same after 300 s", _markout(3)),
    ("fills", "fills that the balances show", lambda span, _: Cell(number(span.fills))),
    ("fills an hour", "fills by the time passed", _per_hour),
    ("volume EURe", "the EURe of all fills", lambda span, _: Cell(number(span.volume, 2))),
    ("quotes sent", "signed and written to the relay", lambda span, _: Cell(number(span.sent))),
    ("won of sent", "fills by quotes sent", _won),
)


def spans_of(earnings: EarningsState, since: EarnedSince | None, now_ns: int) -> Spans:
    """Return the spans to show."""
    return Spans(earnings.today, earnings.run, None if since is None else since.span, earnings.mid, now_ns)


def figures(spans: Spans) -> list[Figure]:
    """List every figure."""

    def of(span: EarnedSpan | None, value: Value) -> Cell:
        return Cell(NOTHING, "muted") if span is None else value(span, spans)

    return [
        Figure(name, means, *(of(span, value) for span in (spans.today, spans.run, spans.since)))
        for name, means, value in FIGURES
    ]
