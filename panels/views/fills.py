"""Fills: the settled quotes, and whether the Verifier's balances show them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec

from cockpit.model.formatting import NOTHING, age, coarse_age, number, readable, rounded, row_age
from cockpit.model.quote_texts import option_day_text
from cockpit.model.recorded.pages import RecordedList
from cockpit.model.snapshot import FillRow, Snapshot
from panels.kit.labels import side
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow
from panels.kit.rows.row_filter import Fields, Headings, RowFacts
from panels.kit.theme import Role

BOOKED_WITHIN_NS = 120 * 10**9
"""A fill is booked so long after its settlement at most, but for those that a start finds."""
COLUMNS = (
    Column("age", 5, "right", ticks=True),
    Column("side", 6),
    Column("BTC", 10, "right"),
    Column("EURe", 10, "right"),
    Column("EUR/BTC", 10, "right"),
    Column("markout", 10, "right"),
    Column("edge", 5, "right", from_width=66),
    Column("balance", 10, from_width=76),
    Column("all markouts, bps", 40, from_width=120),
    Column("transaction", 18, from_width=96, grow=True, cut_middle=True),
)


def confirmed(row: FillRow) -> Cell:
    return Cell("✓ updated", "good") if row.confirmed else Cell("◌ pending", "warn")


def horizon(seconds: int, bps: Decimal | None) -> str:
    """Write a markout: how long after the fill, and how far the mid had moved in the desk's favour, bps."""
    after = f"{seconds}s" if seconds < 120 else f"{seconds // 60}m"
    return f"{after} {rounded(bps, 1, signed=True)}"


def newest_markout(row: FillRow) -> Cell:
    """Return the markout of the longest horizon that has passed."""
    if not row.markouts:
        return Cell("◌ waiting" if row.age_ms < 60_000 else NOTHING, "muted")
    seconds, bps = row.markouts[-1]
    role: Role = "muted" if bps is None else "good" if bps >= 0 else "bad"
    return Cell(horizon(seconds, bps), role)


def fill_row(row: FillRow) -> GridRow:
    return GridRow(
        row.quote_hash,
        (
            Cell(row_age(row.age_ms), "muted"),
            side(row.side),
            Cell(number(row.base_amount, 8)),
            Cell(number(row.quote_amount, 4)),
            Cell(rounded(row.price, 2)),
            newest_markout(row),
            Cell(rounded(row.edge_bps, 1, missing=NOTHING)),
            confirmed(row),
            Cell("  ".join(horizon(*one) for one in row.markouts) or NOTHING, "muted"),
            Cell(row.tx_hash or NOTHING, "muted"),
        ),
    )


def fill_detail(row: FillRow) -> Detail:
    base, quote = (
        f"{readable(row.base_amount, row.base_symbol)} {row.base_symbol}",
        f"{readable(row.quote_amount, row.quote_symbol)} {row.quote_symbol}",
    )
    got, gave = (base, quote) if row.side == "buy" else (quote, base)
    return Detail(
        "Fill",
        (
            Field("side", side(row.side)),
            Field("got", Cell(got)),
            Field("gave", Cell(gave)),
            Field("price", Cell(f"{rounded(row.price, 2)} EUR/BTC")),
            Field("edge", Cell(f"{rounded(row.edge_bps, 2)} bps" if row.edge_bps is not None else NOTHING)),
            Field("balances", confirmed(row)),
            Field("age", Cell(age(row.age_ms))),
            Field("transaction", Cell(row.tx_hash or NOTHING), copy=bool(row.tx_hash)),
            Field("quote hash", Cell(row.quote_hash), copy=True),
            Field("request", Cell(row.quote_id), copy=True),
            *((Field("", Cell("")),) if row.markouts else ()),
            *(
                Field(f"markout {horizon(seconds, bps).split()[0]}", Cell(f"{rounded(bps, 2, signed=True)} bps"))
                for seconds, bps in row.markouts
            ),
        ),
    )


class FillsPanel(Panel[FillRow]):
    TITLE = "Fills"
    COLUMNS = COLUMNS
    TIMES_FROM = 82
    FED_BY = "trade-executor"
    RECORDED: ClassVar[RecordedList] = "fills"
    HEADINGS: ClassVar[Headings] = {"eur/btc": "price", "all_markouts_bps": "markout", "transaction": "id"}
    FIELDS: ClassVar[Fields] = {
        "side": "text",
        "eure": "number",
        "btc": "number",
        "price": "number",
        "edge": "number",
        "markout": "number",
        "age": "age",
        "balance": "text",
        "id": "text",
    }

    def items(self, snapshot: Snapshot) -> Sequence[FillRow]:
        return snapshot.executions

    def age_of(self, item: FillRow) -> int:
        return item.age_ms

    def key(self, item: FillRow) -> str:
        return item.quote_hash

    def aged(self, item: FillRow, ms: int) -> FillRow:
        return msgspec.structs.replace(item, age_ms=item.age_ms + ms)

    def total(self, snapshot: Snapshot) -> int:
        return snapshot.counts.settled

    def quote_id(self, item: FillRow) -> str:
        return item.quote_id

    def row(self, item: FillRow) -> GridRow:
        return fill_row(item)

    def history_from(self, snapshot: Snapshot) -> int | None:
        # The list is by settlement, the recorded one by booking, which is later.
        from_ns = super().history_from(snapshot)
        return None if from_ns is None else min(from_ns + BOOKED_WITHIN_NS, snapshot.at_ns)

    def facts(self, item: FillRow) -> RowFacts:
        return {
            "side": item.side,
            "eure": item.quote_amount,
            "btc": item.base_amount,
            "price": item.price,
            "edge": item.edge_bps,
            "markout": item.markouts[-1][1] if item.markouts else None,
            "age": item.age_ms // 1000,
            "balance": confirmed(item).text,
            "id": f"{item.tx_hash} {item.quote_hash} {item.quote_id}",
        }

    def detail_of(self, item: FillRow, snapshot: Snapshot) -> Detail:
        return fill_detail(item)

    def empty(self, snapshot: Snapshot) -> Cell:
        return Cell("no fills since the desk started", "muted")

    def freshness(self, snapshot: Snapshot) -> str:
        return f"newest {coarse_age(snapshot.executions[0].age_ms)}" if snapshot.executions else ""

    def summary(self, snapshot: Snapshot) -> str:
        known = f"{snapshot.counts.settled:,} settled", option_day_text(snapshot.option_day)
        return "; ".join(part for part in known if part)
