"""The Verifier's versioned nonce: magic, version, salt, deadline and randomness in 32 bytes.

Layout (near/intents, contract 0.4.1): ``56 28 f6 c6`` | version ``00`` | salt (4) | deadline, u64
little-endian nanoseconds since the epoch (8) | random (15).
"""

import base64
import struct

import msgspec

MAGIC = bytes.fromhex("5628f6c6")
VERSION = 0
SALT_LEN = 4
RANDOM_LEN = 15
_LAYOUT = struct.Struct(f"<4sB{SALT_LEN}sQ{RANDOM_LEN}s")


class Nonce(msgspec.Struct, frozen=True):
    """The parts of a versioned nonce; ``deadline_ns`` is UTC nanoseconds since the epoch."""

    salt: bytes
    deadline_ns: int
    random: bytes


def pack_nonce(salt: bytes, deadline_ns: int, random: bytes) -> bytes:
    """Return the 32 bytes of a versioned nonce; ValueError when a part has the wrong size."""
    if len(salt) != SALT_LEN or len(random) != RANDOM_LEN or not 0 <= deadline_ns < 2**64:
        raise ValueError("a nonce needs a 4-byte salt, 15 random bytes and a deadline in u64 nanoseconds")
    return _LAYOUT.pack(MAGIC, VERSION, salt, deadline_ns, random)


def unpack_nonce(raw: bytes) -> Nonce | None:
    """Return the parts of a versioned nonce, or None for a legacy nonce of 32 random bytes.

    Raises ValueError for another length or an unknown version after the magic.
    """
    if len(raw) != _LAYOUT.size:
        raise ValueError(f"a nonce must have 32 bytes, not {len(raw)}")
    magic, version, salt, deadline_ns, random = _LAYOUT.unpack(raw)
    if magic != MAGIC:
        return None
    if version != VERSION:
        raise ValueError(f"nonce version {version} is unknown")
    return Nonce(salt, deadline_ns, random)


def encode_nonce(raw: bytes) -> str:
    """Return the nonce in base64, as payloads and ``is_nonce_used`` carry it."""
    return base64.b64encode(raw).decode("ascii")


def decode_nonce(text: str) -> bytes:
    """Return the 32 bytes of the base64 text; ValueError when it is not base64 of 32 bytes."""
    raw = base64.b64decode(text, validate=True)
    if len(raw) != _LAYOUT.size:
        raise ValueError(f"a nonce must have 32 bytes, not {len(raw)}")
    return raw
