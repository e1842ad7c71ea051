"""Executions: the fills, and whether the Verifier's balances show them."""

from cockpit.format import NOTHING, age, exact, number, rounded, short
from cockpit.snapshot import ExecutionRow, Snapshot
from panels.cells import Cell, Column, Detail, Field, Row
from panels.panel import Panel
from panels.words import side

COLUMNS = (
    Column("age", 5, "right", ticks=True),
    Column("side", 6),
    Column("BTC", 11, "right"),
    Column("EURe", 11, "right"),
    Column("EUR/BTC", 10, "right"),
    Column("bps", 5, "right", from_width=60),
    Column("balance", 10, from_width=66),
    Column("transaction", 18, from_width=88, grow=True),
)


def confirmed(row: ExecutionRow) -> Cell:
    """Whether the balances show the fill."""
    return Cell("✓ shown", "good") if row.confirmed else Cell("◌ awaited", "warn")


def execution_row(row: ExecutionRow) -> Row:
    """A fill under COLUMNS."""
    return Row(
        row.quote_hash,
        (
            Cell(age(row.age_ms), "muted"),
            side(row.side),
            Cell(number(row.base_amount, 8)),
            Cell(number(row.quote_amount, 4)),
            Cell(rounded(row.price, 2)),
            Cell(rounded(row.edge_bps, 1, missing=NOTHING)),
            confirmed(row),
            Cell(short(row.tx_hash, 18) if row.tx_hash else NOTHING, "muted"),
        ),
    )


def execution_detail(row: ExecutionRow) -> Detail:
    """The whole fill, to the last base unit."""
    gained, given = ("BTC", "EURe") if row.side == "buy" else ("EURe", "BTC")
    amounts = {"BTC": exact(row.base_amount), "EURe": exact(row.quote_amount)}
    return Detail(
        "Fill",
        (
            Field("side", side(row.side)),
            Field("got", Cell(f"{amounts[gained]} {gained}")),
            Field("gave", Cell(f"{amounts[given]} {given}")),
            Field("price", Cell(f"{exact(row.price)} EUR/BTC")),
            Field("edge", Cell(f"{rounded(row.edge_bps, 2)} bps" if row.edge_bps is not None else NOTHING)),
            Field("in the balances", confirmed(row)),
            Field("age", Cell(age(row.age_ms))),
            Field("transaction", Cell(row.tx_hash or NOTHING)),
            Field("quote hash", Cell(row.quote_hash)),
            Field("request", Cell(row.quote_id)),
        ),
    )


class Executions(Panel):
    """Fills, newest first."""

    TITLE = "Executions"
    COLUMNS = COLUMNS

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """One row a fill."""
        return [execution_row(row) for row in snapshot.executions]

    def empty(self, snapshot: Snapshot) -> Cell:
        """Nothing was filled."""
        return Cell("no fill since this desk started", "muted")

    def summary(self, snapshot: Snapshot) -> str:
        """Fills since the start."""
        return f"{snapshot.counts.settled:,} settled"

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """One fill, whole."""
        row = next((row for row in snapshot.executions if row.quote_hash == key), None)
        return None if row is None else execution_detail(row)
