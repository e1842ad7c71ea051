"""Amounts on the wire: exact, whole, never negative, never read through a float."""

import re

from venue.protocol.assets import MAX_AMOUNT

_DIGITS = re.compile(r"[0-9]{1,39}\Z")


def amount_of(value: str | int) -> int:
    """Return base units from decimal text or a JSON integer; ValueError outside of u128."""
    if isinstance(value, str):
        if not _DIGITS.match(value):
            raise ValueError(f"{value[:48]!r} is not an amount in base units")
        value = int(value)
    if not 0 <= value <= MAX_AMOUNT:
        raise ValueError("the amount is outside 0 to 2^128 - 1")
    return value


def optional_amount(value: str | int | None) -> int | None:
    return None if value is None else amount_of(value)
