"""Cells of CSV: what others open in a spreadsheet must be text there, not a formula and not a terminal's sequence."""

import re
from collections.abc import Iterable
from decimal import Decimal

from cockpit.model.printable import printable

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?\Z", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What a spreadsheet takes for the start of a formula (OWASP, CSV injection)."""


def csv_row(values: Iterable[object]) -> list[object]:
    """Return the values as cells; None is an empty one, and a Decimal is written without an exponent."""
    return [_cell(value) for value in values]


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if not isinstance(value, str):
        return "" if value is None else value
    if _NUMBER.match(value):
        return value
    # Also behind spaces, which spreadsheets cut off.
    return ("'" if value.lstrip(" ").startswith(_FORMULA) else "") + printable(value)
