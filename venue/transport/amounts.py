"""Reading an amount off the wire: exact, whole, never negative, never through a float."""

import re

from venue.protocol.assets import MAX_AMOUNT

_DIGITS = re.compile(r"[0-9]{1,39}\Z")


def amount_of(value: str | int) -> int:
    """Base units from decimal text or a JSON integer; ValueError when it is no unsigned 128-bit integer."""
    if isinstance(value, str):
        if not _DIGITS.match(value):
            raise ValueError(f"{value[:48]!r} is not an amount in base units")
        value = int(value)
    if not 0 <= value <= MAX_AMOUNT:
        raise ValueError("an amount is outside 0 to 2^128 - 1")
    return value


def optional_amount(value: str | int | None) -> int | None:
    """The same for a field that may be missing."""
    return None if value is None else amount_of(value)
