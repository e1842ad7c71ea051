"""TON's addresses and the times of TON Connect, as near/intents reads them (the crates tlb-ton, serde_with, chrono)."""

import base64
import binascii
import re

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.wire.shapes import ShapeError, text
from venue.sandbox.wire.strict_json import Number, Value
from venue.sandbox.wire.timestamps import parse_timestamp

_FRIENDLY = 48
"""Characters of an address in base64; of any other length it is in hex."""
_FLAGS = (0x11, 0x51, 0x91, 0xD1)
_RAW = re.compile(r"([+-]?[0-9]+):([0-9a-fA-F]{64})")
_EARLIEST_S = parse_timestamp("-262143-01-01T00:00:00Z") // NS_PER_S
_LATEST_S = parse_timestamp("+262142-12-31T23:59:59Z") // NS_PER_S
"""What chrono holds."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]{48}|[A-Za-z0-9_-]{48}")


class Time(msgspec.Struct, frozen=True):
    """A time in UTC nanoseconds since the epoch."""

    at_ns: int

    @property
    def seconds(self) -> int:
        return self.at_ns // NS_PER_S


def time(value: Value) -> Time:
    """Read a time: RFC 3339, or whole seconds since the epoch. Raises ShapeError."""
    try:
        if isinstance(value, Number):
            if value.integer is None or not _EARLIEST_S <= value.integer <= _LATEST_S:
                raise ShapeError("expected the seconds of a time")
            return Time(value.integer * NS_PER_S)
        return Time(parse_timestamp(text(value)))
    except ValueError as error:
        raise ShapeError(str(error)) from None


def address(value: Value) -> bytes:
    """Read an address as 36 bytes: the workchain (4, signed) and the account. Raises ShapeError."""
    given = text(value)
    if len(given.encode()) == _FRIENDLY:
        return _friendly(given)
    raw = _RAW.fullmatch(given)
    if raw is None or not -(2**31) <= int(raw[1][:32]) < 2**31 or len(raw[1]) > 32:
        raise ShapeError("invalid TON address")
    return int(raw[1]).to_bytes(4, "big", signed=True) + bytes.fromhex(raw[2])


def _friendly(given: str) -> bytes:
    if _BASE64.fullmatch(given) is None:
        raise ShapeError("invalid TON address")
    raw = base64.b64decode(given, altchars=b"-_" if set("-_") & set(given) else b"+/")
    if raw[0] not in _FLAGS or binascii.crc_hqx(raw[:34], 0) != int.from_bytes(raw[34:], "big"):
        raise ShapeError("invalid TON address")
    return int.from_bytes(raw[1:2], "big", signed=True).to_bytes(4, "big", signed=True) + raw[2:34]
