"""NEP-413: the bytes that a wallet signs for an off-chain message.

``sha256( u32le(2^31 + 413) || borsh{ message, nonce: [u8; 32], recipient, callbackUrl: option<string> } )``;
ed25519 is over those 32 bytes, and on the venue they are the intent hash and the quote hash (base58).
"""

import hashlib
import struct

_TAG = struct.pack("<I", 2**31 + 413)
_LENGTH = struct.Struct("<I").pack


def nep413_hash(message: bytes, nonce: bytes, recipient: bytes, callback_url: bytes | None = None) -> bytes:
    """Return the 32 bytes to sign; texts are UTF-8, ``nonce`` is 32 bytes (ValueError otherwise)."""
    if len(nonce) != 32:
        raise ValueError(f"a nonce must have 32 bytes, not {len(nonce)}")
    callback = b"\x00" if callback_url is None else b"\x01" + _LENGTH(len(callback_url)) + callback_url
    parts = (_TAG, _LENGTH(len(message)), message, nonce, _LENGTH(len(recipient)), recipient, callback)
    return hashlib.sha256(b"".join(parts)).digest()
