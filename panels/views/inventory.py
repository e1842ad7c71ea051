"""Inventory: the balance of each asset, what of it is committed, leaving or arriving, and the share of BTC."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import ClassVar, NamedTuple

from textual.widget import Widget

from cockpit.model.formatting import NOTHING, UNKNOWN, age, exact, number, percent, rounded
from cockpit.model.snapshot import InventoryRow, Snapshot
from cockpit.model.snapshot import InventoryState as Held
from panels.kit.keymap import KeyMap
from panels.kit.messages import too_old_to_quote
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow, Line
from panels.kit.rows.row_filter import Fields, RowFacts
from panels.kit.rows.text_lines import LineView
from panels.kit.theme import Role
from panels.views.reconciliation import unexplained

NAME = Column("", 10)
NO_MARKET = "none trades it: withdraw it or add a market"
WIDE, NARROW = 16, 12
"""Widths of a token's column: of two tokens, and of more."""


def columns(held: Held) -> tuple[Column, ...]:
    """Return a column for the names and one for each token."""
    width = WIDE if len(held.rows) < 3 else NARROW
    return NAME, *(Column(f"! {row.symbol}" if idle(row) else row.symbol, width, "right") for row in held.rows)


def idle(row: InventoryRow) -> bool:
    """Return whether the token is held and no market trades it."""
    return bool(row.balance) and not row.quoted


class Quantity(NamedTuple):
    """One row of the table: its name, its meaning, and the assets."""

    name: str
    means: str
    rows: tuple[InventoryRow, ...]


def _known(value: Decimal | None, shown: int, role: Role) -> Cell:
    return Cell("unknown", "warn") if value is None else Cell(number(value, shown), role)


def _part(value: Decimal, shown: int, role: Role, sign: str) -> Cell:
    return Cell(f"{sign}{number(value, shown)}", role) if value else Cell(NOTHING, "muted")


QUANTITIES: dict[str, tuple[str, Callable[[InventoryRow], Cell]]] = {
    "balance": ("on the Verifier", lambda row: _known(row.balance, row.places, "bad" if idle(row) else "text")),
    "committed": ("committed to live quotes", lambda row: _part(row.reserved, row.places, "accent", "−")),
    "leaving": (
        "leaving with signed withdrawals",
        lambda row: _part(row.leaving, row.places, "sell", "−"),
    ),
    "available": ("available for quotes", lambda row: _known(row.spendable, row.places, "strong")),
    "pending in": ("deposits not credited yet", lambda row: _part(row.pending_in, row.places, "warn", "+")),
    "value EUR": (
        "at the reference mid",
        lambda row: Cell(number(row.value_eur, 2), "warn" if row.value_eur is None else "text"),
    ),
}


LIVE_ONLY = frozenset({"pending in"})
"""What no history tells of a moment."""


def quantities(held: Held, *, rewound: bool = False) -> list[Quantity]:
    """List the quantities, balance first; none before the balances are read."""
    if not held.rows:
        return []
    return [
        Quantity(name, means, held.rows)
        for name, (means, _) in QUANTITIES.items()
        if not (rewound and name in LIVE_ONLY)
    ]


def quantity_row(quantity: Quantity) -> GridRow:
    """Draw a quantity under the columns of its tokens; what could not be read is unknown, never zero."""
    draw = QUANTITIES[quantity.name][1]
    role: Role = "strong" if quantity.name == "available" else "muted"
    return GridRow(quantity.name, (Cell(quantity.name, role), *map(draw, quantity.rows)))


def share_line(held: Held, width: int) -> Line:
    """Draw BTC's part of the value as a bar with the target marked."""
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


KNOWN_THEN = frozenset({"committed", "leaving", "available", "value", "market", "read", "at block", ""})
"""Fields of a token whose values a history tells; its balance has the token's name."""


def inventory_detail(held: Held, *, rewound: bool = False) -> Detail:
    fields: list[Field] = []
    for row in held.rows:
        if fields:
            fields.append(Field("", Cell("")))
        fields += [
            Field(row.symbol, Cell("unknown" if row.balance is None else exact(row.balance), "strong"), copy=True),
            *([Field("market", Cell(NO_MARKET, "bad"))] if idle(row) else []),
            Field("committed", Cell(exact(row.reserved))),
            Field("leaving", Cell(exact(row.leaving))),
            Field("available", Cell("unknown" if row.spendable is None else exact(row.spendable))),
            Field("pending in", Cell(exact(row.pending_in))),
            Field("value", Cell(f"{rounded(row.value_eur, 2)} EUR")),
            Field("opening", Cell("unknown" if row.opening is None else exact(row.opening))),
            Field("+ deposits", Cell(exact(row.deposited, signed=True))),
            Field("+ fills", Cell(exact(row.filled, signed=True))),
            Field("− withdrawals", Cell(exact(row.withdrawn))),
            Field("+ accepted", Cell(exact(row.accepted, signed=True))),
            Field("difference", unexplained(row)),
        ]
    read = "never" if held.age_ms is None else f"{age(held.age_ms)} ago"
    block = UNKNOWN if held.block_height is None else str(held.block_height)
    fields += [Field("", Cell("")), Field("read", Cell(read)), Field("at block", Cell(block))]
    if rewound:
        known = KNOWN_THEN | {row.symbol for row in held.rows}
        fields = [field for field in fields if field.label in known]
    return Detail("Balances on the Verifier", tuple(fields))


class InventoryPanel(Panel[Quantity]):
    TITLE = "Inventory"
    COLUMNS = (NAME,)
    FED_BY = "inventory-sync"
    FIELDS: ClassVar[Fields] = {"name": "text", "means": "text"}

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(ident, number, keys)
        self.share = LineView(id="share")

    def body(self) -> Iterable[Widget]:
        yield self.grid
        yield self.share

    def paint(self, snapshot: Snapshot) -> None:
        self.grid.set_columns(columns(snapshot.inventory))
        super().paint(snapshot)
        self.share.show([share_line(snapshot.inventory, self.share.size.width)])

    def items(self, snapshot: Snapshot) -> Sequence[Quantity]:
        return quantities(snapshot.inventory, rewound=self.rewound is not None)

    def row(self, item: Quantity) -> GridRow:
        return quantity_row(item)

    def facts(self, item: Quantity) -> RowFacts:
        return {"name": item.name, "means": item.means}

    def detail_of(self, item: Quantity, snapshot: Snapshot) -> Detail:
        return inventory_detail(snapshot.inventory, rewound=self.rewound is not None)

    def empty(self, snapshot: Snapshot) -> Cell:
        return Cell(f"no balances yet; {self.keys.shown('refresh')} reads them now", "warn")

    def data_age(self, snapshot: Snapshot) -> int | None:
        return snapshot.inventory.age_ms

    def stale_after(self, snapshot: Snapshot) -> int | None:
        return snapshot.limits.max_inventory_age_ms

    def stale_advice(self, snapshot: Snapshot) -> str:
        return too_old_to_quote(self.keys.shown("refresh"))

    def summary(self, snapshot: Snapshot) -> str:
        held = snapshot.inventory
        values = [row.value_eur for row in held.rows]
        known = [value for value in values if value is not None]
        return f"total {number(sum(known, Decimal(0)), 2)} EUR" if known and len(known) == len(values) else ""
