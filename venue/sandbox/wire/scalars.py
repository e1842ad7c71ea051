"""Single values of the contract's JSON: accounts, tokens, amounts, times and base64, with its own strictness."""

import base64
import binascii
import re

from venue.sandbox.base.names import is_account, token_contract
from venue.sandbox.wire.shapes import ShapeError, text
from venue.sandbox.wire.strict_json import Number, Value
from venue.sandbox.wire.timestamps import parse_timestamp

MAX_U128 = 2**128 - 1
MAX_I128 = 2**127 - 1
_MAX_U64 = 2**64 - 1
_UNSIGNED = re.compile(r"\+?[0-9]+")
_SIGNED = re.compile(r"[+-]?[0-9]+")


def account_id(value: Value) -> str:
    """Read a NEAR account: 2 to 64 of ``a-z0-9``, single ``-_.`` between them. Raises ShapeError."""
    return parse_account_id(text(value))


def parse_account_id(name: object) -> str:
    """Check an account; ShapeError (a ValueError) when it breaks NEAR's rules."""
    if not isinstance(name, str) or not is_account(name):
        raise ShapeError(f"invalid value: {name!r}, expected AccountId")
    return name


def parse_token_id(name: str) -> str:
    """Check an id: ``nep141:<account>``, ``nep171:<account>:<id>`` or ``nep245:<account>:<id>``. Raises ShapeError."""
    contract = token_contract(name)
    if contract is None:
        raise ShapeError("Matching variant not found")
    parse_account_id(contract)
    return name


def token_order(token_id: str) -> list[str]:
    """Return the key by which the contract sorts tokens: standard, contract, then the token's own id."""
    return token_id.split(":", 2)


def parse_amount(digits: str) -> int:
    """Return an unsigned 128-bit integer from decimal text. Raises ShapeError."""
    if _UNSIGNED.fullmatch(digits) is None:
        raise ShapeError("invalid digit found in string")
    return _within(digits, 0, MAX_U128)


def parse_delta(digits: str) -> int:
    """Return a signed 128-bit integer from decimal text. Raises ShapeError."""
    if _SIGNED.fullmatch(digits) is None:
        raise ShapeError("invalid digit found in string")
    return _within(digits, -MAX_I128 - 1, MAX_I128)


def amount(value: Value) -> int:
    return parse_amount(text(value))


def delta(value: Value) -> int:
    return parse_delta(text(value))


def gas(value: Value) -> int:
    """Read an amount of gas: 64 bits, as a number or as decimal text."""
    if isinstance(value, Number) and value.integer is not None and value.integer >= 0:
        return value.integer
    digits = text(value)
    if _UNSIGNED.fullmatch(digits) is None:
        raise ShapeError("invalid digit found in string")
    return _within(digits, 0, _MAX_U64)


def deadline(value: Value) -> int:
    """Read a time as UTC nanoseconds since the epoch. Raises ShapeError."""
    try:
        return parse_timestamp(text(value))
    except ValueError as error:
        raise ShapeError(str(error)) from None


def u32(value: Value) -> int:
    """Read a number of 32 bits."""
    if not isinstance(value, Number) or value.integer is None or not 0 <= value.integer < 2**32:
        raise ShapeError("expected u32")
    return value.integer


def base64_of(size: int, value: Value) -> bytes:
    """Read base64 of so many bytes: padding may be left out, loose bits may not be set. Raises ShapeError."""
    raw = base64_bytes(value)
    if len(raw) != size:
        raise ShapeError(f"Can't convert a Byte Vector of length {len(raw)} to the output type.")
    return raw


def base64_bytes(value: Value, *, url_safe: bool = False) -> bytes:
    """Read base64 of any length, its padding optional. Raises ShapeError."""
    encoded = text(value)
    bare = encoded[:-2] if encoded.endswith("==") else encoded[:-1] if encoded.endswith("=") else encoded
    if len(bare) != len(encoded) and len(encoded) % 4:
        raise ShapeError("Invalid padding")
    alphabet = b"-_" if url_safe else b"+/"
    try:
        raw = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=alphabet, validate=True)
    except (binascii.Error, ValueError):
        raise ShapeError("Invalid symbol") from None
    if base64.b64encode(raw, alphabet).rstrip(b"=").decode() != bare:
        raise ShapeError("Invalid last symbol")
    return raw


def _within(digits: str, low: int, high: int) -> int:
    bare = digits.lstrip("+-").lstrip("0")
    if len(bare) > 39:
        raise ShapeError("number too large to fit in target type")
    value = -int(bare or "0") if digits.startswith("-") else int(bare or "0")
    if not low <= value <= high:
        raise ShapeError("number too large or too small to fit in target type")
    return value
