"""When a bearer token ends: the ``exp`` of a JWT (RFC 7519), read without trust. Pure.

The relay alone judges the token; this is for people, who must order the next one in time.
"""

import base64
import math
import re

import msgspec

from venue.protocol.units import NS_PER_S

MAX_LENGTH = 16_384
"""Characters; a longer token is not read."""
LAST_S = 253_402_300_799
"""The end of the year 9999."""

_JWT = re.compile(r"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")


class _Claims(msgspec.Struct):
    exp: int | float


_CLAIMS = msgspec.json.Decoder(_Claims)


def end_of(token: str) -> int | None:
    """Return when the token ends, UTC nanoseconds; None for one that is no JWT or names no usable end."""
    found = _JWT.fullmatch(token) if len(token) <= MAX_LENGTH else None
    if found is None:
        return None
    body = found[1]
    try:
        exp = _CLAIMS.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))).exp
    except (ValueError, RecursionError):
        return None
    if not 0 < exp <= LAST_S:
        return None
    return math.floor(exp) * NS_PER_S
