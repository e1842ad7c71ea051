"""Reads an amount as a person types it, exactly or not at all. Pure."""

import re

from cockpit.model.errors import InvalidAmountError

_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,24})?", re.ASCII)


def parse_amount(text: str, symbol: str, decimals: int) -> int:
    """Return base units of an amount typed in whole tokens, such as ``0.015``; above zero, never rounded.

    Digits and one point only: no exponent, sign, comma, grouping or other script, because each has two readings.
    Raises InvalidAmountError.
    """
    typed = text.strip()
    if not _PLAIN.fullmatch(typed):
        raise InvalidAmountError(f"type the amount of {symbol} in digits with a point, such as 0.015")
    whole, _, fraction = typed.partition(".")
    if len(fraction.rstrip("0")) > decimals:
        raise InvalidAmountError(f"{symbol} has {decimals} decimals; type no more")
    units = int(whole + fraction.rstrip("0").ljust(decimals, "0"))
    if units == 0:
        raise InvalidAmountError(f"type an amount of {symbol} above zero")
    return units
