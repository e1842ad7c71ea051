"""Public keys and signatures as text: ``<curve>:<base58>``, the curve in any case, Ed25519 where none is named."""

import re
from functools import lru_cache

import base58
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from venue.sandbox.wire.keccak import keccak256
from venue.sandbox.wire.shapes import ShapeError, text
from venue.sandbox.wire.strict_json import Escaped, Value

ED25519, SECP256K1, P256 = "ed25519", "secp256k1", "p256"
_KEY_BYTES = {ED25519: 32, SECP256K1: 64, P256: 64}
_SIGNATURE_BYTES = {ED25519: 64, SECP256K1: 65, P256: 64}
_KEPT = 4_096
"""Keys whose text is remembered: the same few sign again and again."""
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]*")


@lru_cache(_KEPT)
def public_key_text(raw: bytes, curve: str = ED25519) -> str:
    """Format the bytes of a key as ``<curve>:<base58>``."""
    return f"{curve}:{base58.b58encode(raw).decode()}"


def parse_public_key(key: str) -> str:
    """Return the key in canonical form. Raises ShapeError (a ValueError) for an invalid one."""
    curve, encoded = _split(key)
    return public_key_text(_bytes(encoded, _KEY_BYTES[curve]), curve)


def public_key(value: Value) -> str:
    """Read a key of any curve, in canonical form."""
    return parse_public_key(text(value))


def borrowed_key(curve: str, value: Value) -> bytes:
    """Read the bytes of a key that must be of this curve and stand in the JSON without escapes."""
    return _key_of_curve(curve, _borrowed(value))


def borrowed_signature(curve: str, value: Value) -> bytes:
    """Read the bytes of a signature that must be of this curve and stand in the JSON without escapes."""
    return _of_curve(curve, _borrowed(value), _SIGNATURE_BYTES)


def address_account(key: str) -> str | None:
    """Return the account that is named by the key's address; None for Ed25519, whose account is the key in hex.

    Source: near/intents, ``PublicKey::to_implicit_account_id``: Ethereum's rule, P-256 set apart by a prefix.
    """
    curve, encoded = _split(key)
    if curve == ED25519:
        return None
    prefix = b"p256" if curve == P256 else b""
    return "0x" + keccak256(prefix + _bytes(encoded, _KEY_BYTES[curve]))[12:].hex()


def verify_ed25519(key: str, message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (64 bytes) over ``message`` is by the key. Raises ValueError for an invalid key."""
    return verify_raw_ed25519(raw_key(key, ED25519), message, signature)


def verify_raw_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        VerifyKey(key).verify(message, signature)
    except BadSignatureError:
        return False
    return True


def raw_key(key: str, curve: str) -> bytes:
    """Return the bytes of a key in text form. Raises ShapeError when it is not one of the curve."""
    named, encoded = _split(key)
    if named != curve:
        raise ShapeError("wrong curve type")
    return _bytes(encoded, _KEY_BYTES[curve])


def _borrowed(value: Value) -> str:
    if not isinstance(value, str) or isinstance(value, Escaped):
        raise ShapeError("expected a borrowed string")
    return value


@lru_cache(_KEPT)
def _key_of_curve(curve: str, key: str) -> bytes:
    return _of_curve(curve, key, _KEY_BYTES)


def _of_curve(curve: str, key: str, sizes: dict[str, int]) -> bytes:
    # Without a prefix it is taken for one of this curve, whichever that is.
    named, encoded = _split(key) if ":" in key else (curve, key)
    if named != curve:
        raise ShapeError("wrong curve type")
    return _bytes(encoded, sizes[curve])


def _split(key: str) -> tuple[str, str]:
    named, colon, encoded = key.partition(":")
    curve = named.lower() if colon else ED25519
    if not named.isascii() or curve not in _KEY_BYTES:
        raise ShapeError("wrong curve type")
    return curve, encoded if colon else key


def _bytes(encoded: str, size: int) -> bytes:
    if len(encoded) > 2 * size or _BASE58.fullmatch(encoded) is None:
        raise ShapeError("base58: not so many bytes in base58")
    raw = base58.b58decode(encoded)
    if len(raw) != size:
        raise ShapeError("invalid length")
    return raw
