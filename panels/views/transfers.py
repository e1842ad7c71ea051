"""Funds: deposits and withdrawals, those in flight first, then those that arrived or failed."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual.widget import Widget

from cockpit.model.formatting import age, exact, number
from cockpit.model.recorded.pages import RecordedList
from cockpit.model.snapshot import DepositAddressRow, DepositRow, Snapshot, WithdrawalRow
from panels.kit.alarms import alarm_words
from panels.kit.keymap import KeyMap
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow, Line
from panels.kit.rows.row_filter import Fields, Headings, RowFacts
from panels.kit.rows.text_lines import LineView
from panels.kit.theme import Role

COLUMNS = (
    Column("age", 6, "right", ticks=True),
    Column("", 1),
    Column("amount", 17, "right"),
    Column("state", 12),
    Column("chain", 11, from_width=68),
    Column("transaction", 8, grow=True, cut_middle=True),
)
ARRIVED = ("CREDITED", "COMPLETED")
FAILED = ("FAILED",)
MAX_NOTES = 3
NOT_IN_TABLE = "not in the table of tokens: not counted, not traded"
ENDS: dict[str, tuple[str, Role]] = {
    "completed": ("✓ completed", "good"),
    "failed": ("✗ failed", "bad"),
    "refunded": ("← refunded", "warn"),
    "returned": ("← returned", "warn"),
    "expired": ("· expired", "muted"),
    "untracked": ("· not followed", "muted"),
    "rejected": ("✗ rejected", "bad"),
}
"""States that a withdrawal does not leave, and how each looks."""
STEPS = {
    "requested": "requested",
    "prepared": "signed and recorded",
    "sent": "sent",
    "burned": "left the Verifier",
    "bridging": "accepted by the bridge",
    "completed": "paid out",
    "unknown": "outcome unknown",
}


def deposit_key(row: DepositRow) -> str:
    return f"in/{row.chain}/{row.tx_hash}/{row.symbol}"


def withdrawal_key(row: WithdrawalRow) -> str:
    return f"out/{row.withdrawal_id}"


def status(row: DepositRow) -> Cell:
    """The state of a deposit with its glyph."""
    word = row.status.lower()
    if row.status.upper() in ARRIVED and not row.in_table:
        return Cell(f"! {word}", "bad")
    if row.status.upper() in ARRIVED:
        return Cell(f"✓ {word}", "good")
    if row.status.upper() in FAILED:
        return Cell(f"✗ {word}", "bad")
    return Cell(f"◌ {word}", "warn")


def state(row: WithdrawalRow) -> Cell:
    """The state of a withdrawal with its glyph."""
    if row.state in ENDS:
        return Cell(*ENDS[row.state])
    # "burned" is what happens to nonces on this screen; a withdrawal leaves the Verifier.
    word = "withdrawn" if row.state == "burned" else row.state
    return Cell(f"? {word}", "bad") if row.state == "unknown" else Cell(f"◌ {word}", "warn")


def pending(row: DepositRow | WithdrawalRow) -> bool:
    """Return whether the transfer is in flight."""
    if isinstance(row, WithdrawalRow):
        return row.state not in ENDS
    return row.status.upper() not in (*ARRIVED, *FAILED)


def in_order(snapshot: Snapshot) -> list[DepositRow | WithdrawalRow]:
    """List transfers in flight first, then newest first."""
    rows: list[DepositRow | WithdrawalRow] = [*snapshot.withdrawals, *snapshot.deposits]
    return sorted(rows, key=lambda row: (not pending(row), row.age_ms))


def amount(row: DepositRow | WithdrawalRow) -> str:
    """Write an amount with its symbol, at the token's display precision."""
    return f"{number(row.amount, row.places)} {row.symbol}"


def note_lines(snapshot: Snapshot) -> list[Line]:
    """Name money that is not traded, and what a deposit becomes where that is not known; at most three lines."""
    lines: list[Line] = [(Cell(f"! {text}", "bad"),) for text in snapshot.fund_warnings]
    lines += [
        (Cell(f"{row.symbol} deposits become {or_none(row)}: ", "muted"), Cell("not known which yet", "warn"))
        for row in snapshot.deposit_addresses
        if not row.known and not any(credit.deposits for credit in row.credits)
    ]
    more = len(lines) - MAX_NOTES
    return lines if more <= 0 else [*lines[: MAX_NOTES - 1], (Cell(f"and {more + 1} more", "warn"),)]


def or_none(row: DepositAddressRow) -> str:
    """Name the tokens that a deposit may become."""
    return " or ".join(credit.symbol for credit in row.credits) or "no token of ours"


def deposit_row(row: DepositRow) -> GridRow:
    return GridRow(
        deposit_key(row),
        (
            Cell(age(row.age_ms), "muted"),
            Cell("↓", "buy"),
            Cell(amount(row)),
            status(row),
            Cell(row.chain, "muted"),
            Cell(row.tx_hash, "muted"),
        ),
    )


def withdrawal_row(row: WithdrawalRow) -> GridRow:
    named = row.destination_hash or row.near_hash or "not sent yet"
    return GridRow(
        withdrawal_key(row),
        (
            Cell(age(row.age_ms), "muted"),
            Cell("↑", "sell"),
            Cell(amount(row)),
            state(row),
            Cell(row.chain, "muted"),
            Cell(named if row.ours else f"made elsewhere {named}", "muted"),
        ),
    )


def deposit_detail(row: DepositRow) -> Detail:
    return Detail(
        "Deposit",
        (
            Field("status", status(row)),
            *([] if row.in_table else [Field("token", Cell(NOT_IN_TABLE, "bad"))]),
            Field("amount", Cell(f"{exact(row.amount)} {row.symbol}")),
            Field("chain", Cell(row.chain)),
            Field("transaction", Cell(row.tx_hash or "none yet"), copy=bool(row.tx_hash)),
            Field("age", Cell(age(row.age_ms))),
        ),
    )


def withdrawal_detail(row: WithdrawalRow) -> Detail:
    """Return the details of a withdrawal, with the age of each step."""
    origin = Cell(f"this desk, {row.route} route") if row.ours else Cell("made elsewhere", "warn")
    fields = [
        Field("state", state(row)),
        Field("detail", Cell(row.detail or "none")),
        Field("origin", origin),
        Field("withdrawn", Cell(f"{exact(row.amount)} {row.symbol}", "strong")),
        Field("bridge fee", Cell("unknown" if row.fee is None else f"{exact(row.fee)} {row.symbol}")),
        Field("to", Cell(row.destination or "unknown", "strong"), copy=bool(row.destination)),
        Field("chain", Cell(row.chain)),
        Field("NEAR hash", Cell(row.near_hash or "none yet"), copy=bool(row.near_hash)),
        Field("paid out as", Cell(row.destination_hash or "not yet"), copy=bool(row.destination_hash)),
        Field("withdrawal", Cell(row.withdrawal_id, "muted")),
        Field("", Cell("")),
    ]
    fields += [Field(f"{age(ms)} ago", Cell(STEPS.get(step, step))) for step, ms in row.steps]
    return Detail("Withdrawal", tuple(fields))


ROUTE = "transaction_route"
"""The interlock that warns when withdrawals by transaction are closed or may be."""
ROUTE_WARNING = "transaction route in doubt: see Interlocks"


def route_words(snapshot: Snapshot) -> str:
    """Say that withdrawals by transaction may not be possible; empty without a warning."""
    return ROUTE_WARNING if any(row.ident == ROUTE and row.warning for row in snapshot.interlocks) else ""


STALE_MS = 120_000
"""The bridge is asked every few seconds; a list this old means that it does not answer."""


class FundsPanel(Panel[DepositRow | WithdrawalRow]):
    TITLE = "Funds"
    COLUMNS = COLUMNS
    TIMES_FROM = 78
    FED_BY = "liquidity-manager"
    RECORDED: ClassVar[RecordedList] = "funds"
    HEADINGS: ClassVar[Headings] = {"transaction": "id"}
    FIELDS: ClassVar[Fields] = {
        "way": "text",
        "asset": "text",
        "state": "text",
        "amount": "number",
        "age": "age",
        "chain": "text",
        "id": "text",
    }

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(ident, number, keys)
        self.notes = LineView(id="fund-notes")

    def body(self) -> Iterable[Widget]:
        yield self.notes
        yield self.grid

    def paint(self, snapshot: Snapshot) -> None:
        super().paint(snapshot)
        lines = note_lines(snapshot)
        self.notes.display = bool(lines)
        self.notes.styles.height = len(lines) or 1
        self.notes.show(lines)

    def items(self, snapshot: Snapshot) -> Sequence[DepositRow | WithdrawalRow]:
        return in_order(snapshot)

    def age_of(self, item: DepositRow | WithdrawalRow) -> int:
        return item.age_ms

    def key(self, item: DepositRow | WithdrawalRow) -> str:
        return withdrawal_key(item) if isinstance(item, WithdrawalRow) else deposit_key(item)

    def aged(self, item: DepositRow | WithdrawalRow, ms: int) -> DepositRow | WithdrawalRow:
        if isinstance(item, DepositRow):
            return msgspec.structs.replace(item, age_ms=item.age_ms + ms)
        steps = tuple((step, since_ms + ms) for step, since_ms in item.steps)
        return msgspec.structs.replace(item, age_ms=item.age_ms + ms, steps=steps)

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
            return Cell(f"no answer from the bridge yet; {self.keys.shown('refresh')} asks again", "warn")
        keys = self.keys
        deposit, withdraw = keys.shown("deposit"), keys.shown("withdraw")
        return Cell(f"nothing in flight: {deposit} shows deposit addresses, {withdraw} withdraws", "muted")

    def data_age(self, snapshot: Snapshot) -> int | None:
        return snapshot.deposits_age_ms

    def stale_after(self, snapshot: Snapshot) -> int | None:
        return STALE_MS

    def summary(self, snapshot: Snapshot) -> str:
        arriving = sum(pending(row) for row in snapshot.deposits)
        leaving = sum(pending(row) for row in snapshot.withdrawals)
        words = [
            f"{arriving} arriving" if arriving else "",
            f"{leaving} leaving" if leaving else "",
            route_words(snapshot),
            alarm_words(snapshot),
        ]
        return " · ".join(word for word in words if word)
