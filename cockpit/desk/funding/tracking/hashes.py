"""The forms of the hashes by which an operator names a withdrawal."""

import re

import base58

_BITCOIN = re.compile(r"[0-9a-fA-F]{64}\Z")
_EVM = re.compile(r"0x[0-9a-fA-F]{64}\Z")
HASH_BYTES = 32


def is_near_hash(text: str) -> bool:
    """Return whether this is base58 of 32 bytes, as the hash of every NEAR transaction is."""
    if not 32 <= len(text) <= 44:
        return False
    try:
        return len(base58.b58decode(text)) == HASH_BYTES
    except ValueError:
        return False


def is_payment_hash(chain: str, text: str) -> bool:
    """Return whether this has the form of a transaction on the chain (such as ``btc:mainnet`` or ``eth:100``)."""
    form = _BITCOIN if chain.startswith("btc:") else _EVM if chain.startswith("eth:") else None
    return form is not None and form.match(text) is not None
