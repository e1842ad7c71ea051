"""Decisions: every request for the pair, and the check that decided it."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from cockpit.model.formatting import NOTHING, age, coarse_age, number, readable, rounded, row_age
from cockpit.model.recorded.check_text import check_label, check_text
from cockpit.model.recorded.names import reason_name
from cockpit.model.recorded.pages import RecordedList
from cockpit.model.snapshot import DecisionRow, Snapshot
from panels.kit.labels import side
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow
from panels.kit.rows.row_filter import Fields, Headings, RowFacts
from panels.kit.theme import Role

COLUMNS = (
    Column("age", 5, "right", ticks=True),
    Column("side", 6),
    Column("EURe", 9, "right"),
    Column("EUR/BTC", 10, "right"),
    Column("bps", 5, "right"),
    Column("decided by", 16),
    Column("numbers", 14, from_width=72, grow=True),
)


def reason(row: DecisionRow) -> Cell:
    """Name the check that decided: quoted ✓, quotable but not armed ◇, or declined ·."""
    text = reason_name(row.reason)
    if row.reason == "quote":
        return Cell(f"✓ {text}{' (dry)' if row.dry else ''}", "good")
    return Cell(f"{'◇' if row.actionable else '·'} {text}", "warn" if row.actionable else "muted")


def numbers(row: DecisionRow) -> str:
    """Return what the check that decided compared, as a person reads it."""
    for name, passed, recorded in row.checks:
        if not passed:
            return check_text(name, passed, recorded, row.edge_bps)
    return check_text("", False, row.detail, row.edge_bps)


def edge_role(row: DecisionRow) -> Role:
    return "muted" if row.edge_bps is None else "bad" if row.edge_bps < 0 else "text"


def decision_row(row: DecisionRow) -> GridRow:
    return GridRow(
        row.decision_id,
        (
            Cell(row_age(row.age_ms), "muted"),
            side(row.side),
            Cell(number(row.notional, 2, missing=NOTHING)),
            Cell(rounded(row.price, 2, missing=NOTHING)),
            Cell(rounded(row.edge_bps, 1, missing=NOTHING), edge_role(row)),
            reason(row),
            Cell(numbers(row), "muted"),
        ),
    )


def _look(passed: bool) -> Role:
    return "good" if passed else "bad"


def decision_detail(row: DecisionRow) -> Detail:
    """Return the details of a decision, each check on its own line."""
    fields = [
        Field("decided by", reason(row)),
        Field("numbers", Cell(numbers(row) or NOTHING)),
        Field("side", side(row.side)),
        Field("notional", Cell(f"{readable(row.notional, 'EURe')} EURe" if row.notional is not None else NOTHING)),
        Field("price", Cell(f"{rounded(row.price, 2)} EUR/BTC" if row.price is not None else NOTHING)),
        Field("edge", Cell(f"{rounded(row.edge_bps, 2)} bps" if row.edge_bps is not None else NOTHING)),
        Field("age", Cell(age(row.age_ms))),
        Field("request", Cell(row.quote_id), copy=True),
        Field("decision", Cell(row.decision_id), copy=True),
    ]
    if row.checks:
        fields.append(Field("", Cell("")))
    fields += [
        Field(
            check_label(name),
            Cell(f"{'✓' if passed else '✗'} {check_text(name, passed, recorded, row.edge_bps)}", _look(passed)),
        )
        for name, passed, recorded in row.checks
    ]
    base, quote = row.market.split("/")
    return Detail(f"Request: taker {'sells' if row.side == 'buy' else 'buys'} {base} for {quote}", tuple(fields))


class DecisionsPanel(Panel[DecisionRow]):
    TITLE = "Decisions"
    COLUMNS = COLUMNS
    TIMES_FROM = 90
    FED_BY = "near-intents-ingest"
    RECORDED: ClassVar[RecordedList] = "decisions"
    HEADINGS: ClassVar[Headings] = {"eure": "notional", "eur/btc": "price", "decided_by": "reason", "numbers": "detail"}
    FIELDS: ClassVar[Fields] = {
        "side": "text",
        "reason": "text",
        "notional": "number",
        "price": "number",
        "bps": "number",
        "age": "age",
        "id": "text",
        "detail": "text",
    }

    def items(self, snapshot: Snapshot) -> Sequence[DecisionRow]:
        return snapshot.decisions

    def age_of(self, item: DecisionRow) -> int:
        return item.age_ms

    def key(self, item: DecisionRow) -> str:
        return item.decision_id

    def aged(self, item: DecisionRow, ms: int) -> DecisionRow:
        return msgspec.structs.replace(item, age_ms=item.age_ms + ms)

    def total(self, snapshot: Snapshot) -> int:
        return snapshot.counts.decisions

    def quote_id(self, item: DecisionRow) -> str:
        return item.quote_id

    def row(self, item: DecisionRow) -> GridRow:
        return decision_row(item)

    def facts(self, item: DecisionRow) -> RowFacts:
        return {
            "side": item.side,
            "reason": f"{item.reason} {reason(item).text}",
            "notional": item.notional,
            "price": item.price,
            "bps": item.edge_bps,
            "age": item.age_ms // 1000,
            "id": f"{item.decision_id} {item.quote_id}",
            "detail": f"{numbers(item)} {item.detail}",
        }

    def detail_of(self, item: DecisionRow, snapshot: Snapshot) -> Detail:
        return decision_detail(item)

    def empty(self, snapshot: Snapshot) -> Cell:
        if snapshot.relay == "ok":
            return Cell("connected: no request for the pair yet", "muted")
        return Cell(f"no requests: the relay is {snapshot.relay}", "warn")

    def freshness(self, snapshot: Snapshot) -> str:
        return f"newest {coarse_age(snapshot.decisions[0].age_ms)}" if snapshot.decisions else ""

    def summary(self, snapshot: Snapshot) -> str:
        counts = snapshot.counts
        dry = f" · {counts.dry:,} dry" if counts.dry else ""
        return f"{counts.decisions:,} decided, {counts.actionable:,} quotable{dry}"
