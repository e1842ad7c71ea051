"""The order of a list's rows by one of its columns. Pure."""

import re
from collections.abc import Sequence
from decimal import Decimal

from panels.kit.rows.cells import Column, GridRow

_AGE = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_NUMBER = re.compile(r"[+\-−]?\d[\d,]*(?:\.\d+)?")
_SECONDS = (86_400, 3600, 60, 1)

Key = tuple[int, Decimal, str]


def order_key(text: str, column: Column) -> Key:
    """Return what a text is ordered by: its number in a column of numbers, else its letters; unknown is last."""
    plain = text.strip()
    if column.align == "right":
        age = _AGE.fullmatch(plain)
        if plain and age is not None:
            parts = zip(age.groups(), _SECONDS, strict=True)
            return 1, Decimal(sum(int(part) * seconds for part, seconds in parts if part)), ""
        found = _NUMBER.search(plain)
        if found is not None:
            return 1, Decimal(found[0].replace(",", "").replace("−", "-")), plain
        return 0, Decimal(0), plain
    return (1 if plain else 0), Decimal(0), plain.casefold()


def ordered(rows: Sequence[GridRow], columns: Sequence[Column], index: int, *, up: bool) -> list[GridRow]:
    """Return the rows by one column, the greatest first, or the least first where ``up``; equal ones stay in order."""
    column = columns[index]

    def key(row: GridRow) -> Key:
        known, number, text = order_key(row.cells[index].text, column)
        return (-known if up else known), number, text

    return sorted(rows, key=key, reverse=not up)
