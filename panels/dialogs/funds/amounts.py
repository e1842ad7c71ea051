"""Amounts and addresses as the funds dialogs write them. Pure."""

from decimal import Context, Decimal

from cockpit.model.formatting import exact, readable
from cockpit.model.snapshot import InventoryRow, Snapshot

GROUP = 4
"""Characters of an address that stand together."""
_EXACT = Context(prec=80)


def amount(value: Decimal | None, symbol: str) -> str:
    """Write every digit of an amount, with its symbol; "unknown" for None."""
    return "unknown" if value is None else f"{exact(value)} {symbol}"


def readable_amount(value: Decimal | None, symbol: str) -> str:
    """Write an amount that is only looked at: what is signed is written in full."""
    return "unknown" if value is None else f"{readable(value, symbol)} {symbol}"


def units(value: Decimal, decimals: int) -> int:
    """Return base units of an amount of whole tokens that has no finer part."""
    return int(value.scaleb(decimals, context=_EXACT))


def grouped(address: str, width: int) -> list[str]:
    """Write the address in groups of four for comparing by eye, on as many lines of ``width`` cells as needed."""
    groups_a_line = max(1, (width + 1) // (GROUP + 1))
    groups = [address[start : start + GROUP] for start in range(0, len(address), GROUP)]
    return [" ".join(groups[start : start + groups_a_line]) for start in range(0, len(groups), groups_a_line)]


def wrapped(text: str, width: int) -> list[str]:
    """Break the text into lines of at most ``width`` cells, anywhere: it is to be copied, not read."""
    return [text[start : start + width] for start in range(0, len(text), width)] or [""]


def inventory_row(snapshot: Snapshot, symbol: str) -> InventoryRow | None:
    return next((row for row in snapshot.inventory.rows if row.symbol == symbol), None)


def symbols(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the assets that can be deposited and withdrawn."""
    return tuple(row.symbol for row in snapshot.inventory.rows)


def depositable(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what can be deposited: one symbol for each address, or the assets before the addresses are known."""
    return tuple(row.symbol for row in snapshot.deposit_addresses) or symbols(snapshot)
