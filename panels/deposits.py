"""Deposits: money on its way in, pending first."""

from decimal import Decimal

from cockpit.format import age, exact, number, short, since
from cockpit.snapshot import DepositRow, Snapshot
from panels.cells import Cell, Column, Detail, Field, Row
from panels.panel import Panel

COLUMNS = (
    Column("age", 6, "right"),
    Column("amount", 18, "right"),
    Column("status", 12),
    Column("chain", 12),
    Column("transaction", 8, grow=True),
)
ARRIVED = ("CREDITED", "COMPLETED")


def deposit_key(row: DepositRow) -> str:
    """What names a deposit."""
    return f"{row.chain}/{row.tx_hash}/{row.symbol}"


def status(row: DepositRow) -> Cell:
    """Arrived, failed, or on its way."""
    word = row.status.lower()
    if row.status.upper() in ARRIVED:
        return Cell(f"✓ {word}", "good")
    if row.status.upper() == "FAILED":
        return Cell(f"✗ {word}", "bad")
    return Cell(f"◌ {word}", "warn")


def in_order(rows: tuple[DepositRow, ...]) -> list[DepositRow]:
    """Those on their way first, then newest first."""
    return sorted(rows, key=lambda row: (row.status.upper() in ARRIVED, row.age_ms))


def amount(value: Decimal, symbol: str) -> str:
    """An amount with its symbol."""
    return f"{number(value, 8 if symbol == 'BTC' else 4)} {symbol}"


def deposit_row(row: DepositRow) -> Row:
    """A deposit under COLUMNS."""
    return Row(
        deposit_key(row),
        (
            Cell(age(row.age_ms), "muted"),
            Cell(amount(row.amount, row.symbol)),
            status(row),
            Cell(row.chain, "muted"),
            Cell(short(row.tx_hash, 24), "muted"),
        ),
    )


def deposit_detail(row: DepositRow) -> Detail:
    """The whole deposit."""
    return Detail(
        "Deposit",
        (
            Field("status", status(row)),
            Field("amount", Cell(f"{exact(row.amount)} {row.symbol}")),
            Field("chain", Cell(row.chain)),
            Field("transaction", Cell(row.tx_hash or "not known yet")),
            Field("age", Cell(age(row.age_ms))),
        ),
    )


class Deposits(Panel):
    """Deposits the bridge knows of."""

    TITLE = "Deposits"
    COLUMNS = COLUMNS

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """One row a deposit."""
        return [deposit_row(row) for row in in_order(snapshot.deposits)]

    def empty(self, snapshot: Snapshot) -> Cell:
        """Nothing on its way, or not asked yet."""
        if snapshot.deposits_age_ms is None:
            return Cell("the bridge has not answered yet: r asks again", "warn")
        return Cell("none on its way", "muted")

    def summary(self, snapshot: Snapshot) -> str:
        """How old the list is."""
        return "" if snapshot.deposits_age_ms is None else f"read {since(snapshot.deposits_age_ms)}"

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """One deposit, whole."""
        row = next((row for row in snapshot.deposits if deposit_key(row) == key), None)
        return None if row is None else deposit_detail(row)
