"""Deposits and withdrawals: money on its way first, what has arrived or failed after it."""

from collections.abc import Sequence
from typing import ClassVar

from cockpit.model.formatting import age, exact, number, shorten
from cockpit.model.snapshot import DepositRow, Snapshot, WithdrawalRow
from panels.kit.cells import Cell, Column, Detail, Field, GridRow
from panels.kit.panel import Panel
from panels.kit.row_filter import Fields, RowFacts
from panels.kit.theme import Role

COLUMNS = (
    Column("age", 6, "right", ticks=True),
    Column("", 1),
    Column("amount", 17, "right"),
    Column("state", 12),
    Column("chain", 11, from_width=68),
    Column("transaction", 8, grow=True),
)
ARRIVED = ("CREDITED", "COMPLETED")
FAILED = ("FAILED",)
ENDS: dict[str, tuple[str, Role]] = {
    "completed": ("✓ completed", "good"),
    "failed": ("✗ failed", "bad"),
    "refunded": ("← refunded", "warn"),
    "returned": ("← returned", "warn"),
    "expired": ("· expired", "muted"),
    "rejected": ("✗ rejected", "bad"),
}
"""States that a withdrawal does not leave, and how each looks."""
STEPS = {
    "requested": "requested",
    "prepared": "signed and recorded",
    "sent": "sent",
    "burned": "burned on NEAR",
    "bridging": "taken by the bridge",
    "completed": "paid out",
    "unknown": "outcome unknown",
}


def deposit_key(row: DepositRow) -> str:
    """What names a deposit."""
    return f"in/{row.chain}/{row.tx_hash}/{row.symbol}"


def withdrawal_key(row: WithdrawalRow) -> str:
    """What names a withdrawal."""
    return f"out/{row.withdrawal_id}"


def status(row: DepositRow) -> Cell:
    """Arrived, failed, or on its way."""
    word = row.status.lower()
    if row.status.upper() in ARRIVED:
        return Cell(f"✓ {word}", "good")
    if row.status.upper() in FAILED:
        return Cell(f"✗ {word}", "bad")
    return Cell(f"◌ {word}", "warn")


def state(row: WithdrawalRow) -> Cell:
    """How far a withdrawal has come."""
    if row.state in ENDS:
        return Cell(*ENDS[row.state])
    return Cell(f"? {row.state}", "bad") if row.state == "unknown" else Cell(f"◌ {row.state}", "warn")


def pending(row: DepositRow | WithdrawalRow) -> bool:
    """Whether the money is on its way."""
    if isinstance(row, WithdrawalRow):
        return row.state not in ENDS
    return row.status.upper() not in (*ARRIVED, *FAILED)


def in_order(snapshot: Snapshot) -> list[DepositRow | WithdrawalRow]:
    """Money on its way first, then newest first."""
    rows: list[DepositRow | WithdrawalRow] = [*snapshot.withdrawals, *snapshot.deposits]
    return sorted(rows, key=lambda row: (not pending(row), row.age_ms))


def amount(row: DepositRow | WithdrawalRow) -> str:
    """An amount with its symbol: BTC to the satoshi, anything else to four decimals."""
    return f"{number(row.amount, 8 if row.symbol == 'BTC' else 4)} {row.symbol}"


def deposit_row(row: DepositRow) -> GridRow:
    """A deposit under COLUMNS."""
    return GridRow(
        deposit_key(row),
        (
            Cell(age(row.age_ms), "muted"),
            Cell("↓", "buy"),
            Cell(amount(row)),
            status(row),
            Cell(row.chain, "muted"),
            Cell(shorten(row.tx_hash, 24), "muted"),
        ),
    )


def withdrawal_row(row: WithdrawalRow) -> GridRow:
    """A withdrawal under COLUMNS."""
    named = row.destination_hash or row.near_hash or "not sent yet"
    return GridRow(
        withdrawal_key(row),
        (
            Cell(age(row.age_ms), "muted"),
            Cell("↑", "sell"),
            Cell(amount(row)),
            state(row),
            Cell(row.chain, "muted"),
            Cell(shorten(named, 24), "muted") if row.ours else Cell(f"made elsewhere {shorten(named, 12)}", "muted"),
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
            Field("transaction", Cell(row.tx_hash or "not known yet"), copy=bool(row.tx_hash)),
            Field("age", Cell(age(row.age_ms))),
        ),
    )


def withdrawal_detail(row: WithdrawalRow) -> Detail:
    """The whole withdrawal: its steps with their ages, and its hashes."""
    made = Cell(f"here, by {row.route}") if row.ours else Cell("made elsewhere", "warn")
    fields = [
        Field("state", state(row)),
        Field("detail", Cell(row.detail or "none")),
        Field("made", made),
        Field("burned", Cell(f"{exact(row.amount)} {row.symbol}", "strong")),
        Field("bridge fee", Cell("not known" if row.fee is None else f"{exact(row.fee)} {row.symbol}")),
        Field("to", Cell(row.destination or "not known", "strong"), copy=bool(row.destination)),
        Field("chain", Cell(row.chain)),
        Field("NEAR hash", Cell(row.near_hash or "not known yet"), copy=bool(row.near_hash)),
        Field("paid out as", Cell(row.destination_hash or "not yet"), copy=bool(row.destination_hash)),
        Field("withdrawal", Cell(row.withdrawal_id, "muted")),
        Field("", Cell("")),
    ]
    fields += [Field(f"{age(ms)} ago", Cell(STEPS.get(step, step))) for step, ms in row.steps]
    return Detail("Withdrawal", tuple(fields))


STALE_MS = 120_000
"""The bridge is asked every few seconds; a list this old says that it does not answer."""


class FundsPanel(Panel[DepositRow | WithdrawalRow]):
    """Money in and money out."""

    TITLE = "Funds"
    COLUMNS = COLUMNS
    FED_BY = "liquidity-manager"
    FIELDS: ClassVar[Fields] = {
        "way": "text",
        "asset": "text",
        "state": "text",
        "amount": "number",
        "age": "age",
        "chain": "text",
        "id": "text",
    }

    def items(self, snapshot: Snapshot) -> Sequence[DepositRow | WithdrawalRow]:
        return in_order(snapshot)

    def row(self, item: DepositRow | WithdrawalRow) -> GridRow:
        return withdrawal_row(item) if isinstance(item, WithdrawalRow) else deposit_row(item)

    def facts(self, item: DepositRow | WithdrawalRow) -> RowFacts:
        out = isinstance(item, WithdrawalRow)
        return {
            "way": "out withdrawal" if out else "in deposit",
            "asset": item.symbol,
            "state": item.state if isinstance(item, WithdrawalRow) else item.status,
            "amount": item.amount,
            "age": item.age_ms // 1000,
            "chain": item.chain,
            "id": f"{item.withdrawal_id} {item.near_hash} {item.destination_hash} {item.destination}"
            if isinstance(item, WithdrawalRow)
            else item.tx_hash,
        }

    def detail_of(self, item: DepositRow | WithdrawalRow, snapshot: Snapshot) -> Detail:
        return withdrawal_detail(item) if isinstance(item, WithdrawalRow) else deposit_detail(item)

    def empty(self, snapshot: Snapshot) -> Cell:
        if snapshot.deposits_age_ms is None:
            return Cell(f"the bridge has not answered yet: {self.keys.shown('refresh')} asks again", "warn")
        keys = self.keys
        deposit, withdraw = keys.shown("deposit"), keys.shown("withdraw")
        return Cell(f"nothing on its way: {deposit} shows where to deposit, {withdraw} withdraws", "muted")

    def data_age(self, snapshot: Snapshot) -> int | None:
        return snapshot.deposits_age_ms

    def stale_after(self, snapshot: Snapshot) -> int | None:
        return STALE_MS

    def summary(self, snapshot: Snapshot) -> str:
        arriving = sum(pending(row) for row in snapshot.deposits)
        leaving = sum(pending(row) for row in snapshot.withdrawals)
        words = [f"{arriving} arriving" if arriving else "", f"{leaving} leaving" if leaving else ""]
        return " · ".join(word for word in words if word)
