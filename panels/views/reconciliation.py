"""The balance reconciliation, one line a token, on the screen at every size.

opening + deposits + fills − withdrawals + accepted differences = balance; what is left is the unexplained difference.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cockpit.model.formatting import exact, number
from cockpit.model.snapshot import InventoryRow
from panels.kit.rows.cells import Cell, Line, line_width
from panels.kit.rows.text_lines import LineView
from panels.kit.view import View


class Labels(NamedTuple):
    """The names of the terms where there is this much room."""

    opening: str
    deposits: str
    fills: str
    withdrawals: str
    balance: str
    difference: str


LONG = Labels("opening ", " deposits ", " fills ", " withdrawals ", " balance ", " difference ")
SHORT = Labels("open ", " in ", " fills ", " out ", " ", " diff ")
BARE = Labels("", "", "", "", "", " ")


def unexplained(row: InventoryRow) -> Cell:
    """Return the unexplained difference, to the last base unit."""
    if row.unexplained is None:
        return Cell("? unknown", "warn")
    if row.unexplained == 0:
        return Cell(f"✓ 0 with {exact(row.accepted, signed=True)} accepted" if row.accepted else "✓ 0", "good")
    return Cell(f"✗ {exact(row.unexplained, signed=True)}", "bad")


def _terms(row: InventoryRow) -> tuple[str, ...]:
    shown = row.places
    filled = number(abs(row.filled), shown)
    return (
        number(row.opening, shown),
        number(row.deposited, shown),
        filled,
        number(row.withdrawn, shown),
        number(row.balance, shown),
    )


def _lines(rows: Sequence[InventoryRow], labels: Labels) -> list[Line]:
    terms = [_terms(row) for row in rows]
    wide = [max(len(term[index]) for term in terms) for index in range(5)]
    lines: list[Line] = []
    for row, term in zip(rows, terms, strict=True):
        opening, deposits, fills, withdrawals, balance = (
            text.rjust(width) for text, width in zip(term, wide, strict=True)
        )
        sign = "−" if row.filled < 0 else "+"
        verdict = unexplained(row)
        mark, _, rest = verdict.text.partition(" ")
        lines.append(
            (
                Cell(f"{row.symbol:<5}", "strong"),
                Cell(labels.opening, "muted"),
                Cell(opening),
                Cell(f" +{labels.deposits or ' '}", "muted"),
                Cell(deposits),
                Cell(f" {sign}{labels.fills or ' '}", "muted"),
                Cell(fills),
                Cell(f" −{labels.withdrawals or ' '}", "muted"),
                Cell(withdrawals),
                Cell(f" ={labels.balance or ' '}", "muted"),
                Cell(balance, "strong"),
                Cell(f" {mark}{labels.difference}{rest}", verdict.role),
            )
        )
    return lines


def reconciliation_lines(rows: Sequence[InventoryRow], width: int) -> list[Line]:
    """Draw one line an asset with the longest names that fit ``width`` cells."""
    if not rows:
        return [(Cell("balance reconciliation: no balances yet", "warn"),)]
    lines: list[Line] = []
    for labels in (LONG, SHORT, BARE):
        lines = _lines(rows, labels)
        if max(map(line_width, lines)) <= width:
            return lines
    return [
        next((each for each in (line, _tight(row)) if line_width(each) <= width), _least(row))
        for row, line in zip(rows, lines, strict=True)
    ]


def _tight(row: InventoryRow) -> Line:
    """Draw only the balance and the difference, where nothing else fits."""
    held = "unknown" if row.balance is None else number(row.balance, row.places)
    verdict = unexplained(row)
    return (
        Cell(f"{row.symbol:<5}", "strong"),
        Cell("all explained: " if row.unexplained == 0 else "difference ", "muted"),
        verdict,
        Cell("  balance ", "muted"),
        Cell(held, "strong"),
    )


def _least(row: InventoryRow) -> Line:
    """Draw the difference before the balance, without their names: what is cut is not the verdict."""
    held = "unknown" if row.balance is None else number(row.balance, row.places)
    return (Cell(f"{row.symbol:<5}", "strong"), unexplained(row), Cell(" = ", "muted"), Cell(held, "strong"))


class ReconciliationStrip(LineView):
    """Stays on the screen whatever panel is shown above it."""

    def paint(self, view: View) -> None:
        """Show the newest snapshot's reconciliation, marked as unknown while the snapshot is not recent."""
        snapshot = view.snapshot
        if snapshot is None:
            self.show([])
            return
        live = Cell("live ", "strong") if view.rewound is not None else Cell("")
        lines = reconciliation_lines(snapshot.inventory.rows, self.size.width - len(live.text))
        if self.styles.height is None or self.styles.height.value != max(2, len(lines)):
            self.styles.height = max(2, len(lines))
        if view.silent:
            lines = [(Cell("? ", "warn"), *(Cell(cell.text, "muted") for cell in line)) for line in lines]
        self.show([(live, *line) for line in lines] if live.text else lines)
