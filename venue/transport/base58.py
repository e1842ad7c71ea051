"""Base58 for the quote path: the same text as the base58 library's, in about a third of its time.

The library divides a 512-bit number by 58 once a digit; here it is cut into chunks of ten digits first, and a chunk
fits a machine word. Signing a quote took half its time in base58 before. Decoding stays the library's.
"""

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_PAIR = 58**2
_CHUNK = 58**10


def b58encode(raw: bytes) -> str:
    """Base58 (Bitcoin alphabet) of any bytes; leading zero bytes are leading ones."""
    number = int.from_bytes(raw, "big")
    chunks = []
    while number:
        number, rest = divmod(number, _CHUNK)
        rest, e = divmod(rest, _PAIR)
        rest, d = divmod(rest, _PAIR)
        rest, c = divmod(rest, _PAIR)
        a, b = divmod(rest, _PAIR)
        chunks.append(_PAIRS[a] + _PAIRS[b] + _PAIRS[c] + _PAIRS[d] + _PAIRS[e])
    chunks.reverse()
    zeros = len(raw) - len(raw.lstrip(b"\x00"))
    return "1" * zeros + "".join(chunks).lstrip("1")
