"""Inventory: what is held, what is promised, and the proof that every base unit is accounted for."""

from decimal import Decimal

from textual.app import ComposeResult

from cockpit.format import NOTHING, UNKNOWN, age, exact, number, percent, rounded, since
from cockpit.snapshot import Inventory as Held
from cockpit.snapshot import InventoryRow, Snapshot
from panels.cells import Cell, Column, Detail, Field, Line, Row
from panels.lines import LineView
from panels.panel import Panel

COLUMNS = (
    Column("", 4),
    Column("balance", 11, "right"),
    Column("reserved", 10, "right"),
    Column("leaving", 10, "right"),
    Column("spendable", 11, "right"),
    Column("arriving", 10, "right", from_width=61),
    Column("EUR", 11, "right", from_width=73),
)
PROOF = (11, 10, 11, 11)
ROOMY = 62
"""From this width on the proof says in words what else a sign says."""


def places(symbol: str) -> int:
    """Decimals shown: BTC to the satoshi, euros to four."""
    return 8 if symbol == "BTC" else 4


def inventory_row(row: InventoryRow) -> Row:
    """An asset under COLUMNS; nothing is shown as zero that could not be read."""
    shown = places(row.symbol)
    unread = row.balance is None
    return Row(
        row.symbol,
        (
            Cell(row.symbol, "strong"),
            Cell("unknown" if unread else number(row.balance, shown), "warn" if unread else "text"),
            Cell(number(row.reserved, shown) if row.reserved else NOTHING, "accent" if row.reserved else "muted"),
            Cell(number(row.leaving, shown) if row.leaving else NOTHING, "sell" if row.leaving else "muted"),
            Cell("unknown" if unread else number(row.spendable, shown), "warn" if unread else "strong"),
            Cell(number(row.pending_in, shown) if row.pending_in else NOTHING, "warn" if row.pending_in else "muted"),
            Cell(number(row.value_eur, 2)),
        ),
    )


def share_line(held: Held, width: int) -> Line:
    """BTC's part of the value as a bar with the target marked."""
    label, target = "BTC share ", f" target {percent(held.target_btc_share, 0)} %"
    if held.btc_share is None:
        return (Cell(label, "muted"), Cell("unknown without balances and mid", "warn"))
    text = f" {percent(held.btc_share)} %"
    cells = max(8, width - len(label) - len(text) - len(target))
    filled = min(cells, max(0, int(held.btc_share * cells + Decimal("0.5"))))
    mark = min(cells - 1, max(0, int(held.target_btc_share * cells)))
    track = ["━" if index < filled else "─" for index in range(cells)]
    track[mark] = "┃"
    return (
        Cell(label, "muted"),
        Cell("".join(track[: min(filled, mark)]), "accent"),
        Cell("".join(track[min(filled, mark) : mark]), "muted"),
        Cell(track[mark], "warn"),
        Cell("".join(track[mark + 1 : max(filled, mark + 1)]), "accent"),
        Cell("".join(track[max(filled, mark + 1) :]), "muted"),
        Cell(text, "strong"),
        Cell(target, "muted"),
    )


def unexplained(row: InventoryRow) -> Cell:
    """The difference between what is held and what deposits, fills and withdrawals add up to, to the last base unit."""
    if row.unexplained is None:
        return Cell("unknown", "warn")
    if row.unexplained == 0:
        return Cell(f"✓ {exact(row.accepted, signed=True)} accepted" if row.accepted else "✓ exact", "good")
    return Cell(f"✗ off {exact(row.unexplained, signed=True)}", "bad")


def proof_lines(held: Held, width: int) -> list[Line]:
    """Opening + deposits + fills − withdrawals = balance, or the difference in place of the sum."""
    a, b, c, d = PROOF
    roomy = width >= ROOMY
    equals = "= balance" if roomy else "="
    head = f"{'':4} {'opening':>{a}} {'+ deposits':>{b}} {'+ fills':>{c}} {'− withdrawn':>{d}} {equals}"
    lines: list[Line] = [(Cell(head, "head"),)]
    for row in held.rows:
        name, shown, verdict = Cell(f"{row.symbol:<4} ", "muted"), places(row.symbol), unexplained(row)
        if not roomy and row.unexplained != 0:
            lines.append((name, verdict))
            continue
        lines.append(
            (
                name,
                Cell(f"{number(row.opening, shown):>{a}} "),
                Cell(f"{number(row.deposited, shown) if row.deposited else NOTHING:>{b}} "),
                Cell(f"{number(row.filled, shown, signed=True) if row.filled else NOTHING:>{c}} "),
                Cell(f"{number(row.withdrawn, shown) if row.withdrawn else NOTHING:>{d}} "),
                verdict if roomy else Cell(verdict.text[0], verdict.role),
            )
        )
    return lines


def inventory_detail(row: InventoryRow, held: Held) -> Detail:
    """The asset to the last base unit."""
    return Detail(
        f"{row.symbol} on the Verifier",
        (
            Field("balance", Cell("unknown" if row.balance is None else exact(row.balance))),
            Field("reserved", Cell(exact(row.reserved))),
            Field("leaving", Cell(exact(row.leaving))),
            Field("spendable", Cell("unknown" if row.spendable is None else exact(row.spendable))),
            Field("arriving", Cell(exact(row.pending_in))),
            Field("value", Cell(f"{rounded(row.value_eur, 2)} EUR")),
            Field("", Cell("")),
            Field("opening", Cell("unknown" if row.opening is None else exact(row.opening))),
            Field("+ deposits", Cell(exact(row.deposited, signed=True))),
            Field("+ fills", Cell(exact(row.filled, signed=True))),
            Field("− withdrawals", Cell(exact(row.withdrawn))),
            Field("+ accepted", Cell(exact(row.accepted, signed=True))),
            Field("unexplained", unexplained(row)),
            Field("decimals", Cell(str(row.decimals))),
            Field("read", Cell("never" if held.age_ms is None else f"{age(held.age_ms)} ago")),
            Field("at block", Cell(UNKNOWN if held.block_height is None else str(held.block_height))),
        ),
    )


class Inventory(Panel):
    """Balances, the share of BTC, and the proof."""

    TITLE = "Inventory"
    COLUMNS = COLUMNS

    def __init__(self, ident: str, number: int) -> None:
        super().__init__(ident, number)
        self.share = LineView(id="share")
        self.proof = LineView(id="proof")

    def compose(self) -> ComposeResult:
        """The grid, the bar, the proof."""
        yield self.grid
        yield self.share
        yield self.proof

    def paint(self, snapshot: Snapshot) -> None:
        """Show balances and proof."""
        super().paint(snapshot)
        self.share.show([share_line(snapshot.inventory, self.share.size.width)])
        self.proof.show(proof_lines(snapshot.inventory, self.proof.size.width))

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """One row an asset."""
        return [inventory_row(row) for row in snapshot.inventory.rows]

    def empty(self, snapshot: Snapshot) -> Cell:
        """Not read yet."""
        return Cell("balances are not read yet: r reads them now", "warn")

    def summary(self, snapshot: Snapshot) -> str:
        """The whole value, and of when it is."""
        held = snapshot.inventory
        values = [row.value_eur for row in held.rows]
        known = [value for value in values if value is not None]
        worth = f"worth {number(sum(known, Decimal(0)), 2)} EUR" if known and len(known) == len(values) else ""
        read = "never read" if held.age_ms is None else f"read {since(held.age_ms)}"
        arriving = [f"{exact(row.pending_in)} {row.symbol} arriving" for row in held.rows if row.pending_in]
        return " · ".join(word for word in (worth, *arriving, read) if word)

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """One asset, whole."""
        row = next((row for row in snapshot.inventory.rows if row.symbol == key), None)
        return None if row is None else inventory_detail(row, snapshot.inventory)
