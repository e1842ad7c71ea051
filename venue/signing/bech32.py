"""Decoding of bech32 (BIP-173) and bech32m (BIP-350): the checksum of Bitcoin's segwit addresses."""

from typing import Literal

Checksum = Literal["bech32", "bech32m"]

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_RESIDUES: dict[int, Checksum] = {1: "bech32", 0x2BC830A3: "bech32m"}
_CHECKSUM_LEN = 6
_LONGEST = 90


def bech32_decode(text: str) -> tuple[str, list[int], Checksum]:
    """Return the prefix, the 5-bit values without the checksum, and which of the two checksums they have.

    Raises ValueError with what is wrong.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"{len(text)} characters, at most {_LONGEST}")
    if text not in (text.lower(), text.upper()):
        raise ValueError("mixed case")
    prefix, separator, body = text.lower().rpartition("1")
    if not separator or not prefix or len(body) < _CHECKSUM_LEN:
        raise ValueError("too short")
    if not all("!" <= letter <= "~" for letter in prefix) or not all(letter in _VALUE for letter in body):
        raise ValueError("invalid character")
    values = [_VALUE[letter] for letter in body]
    spread = [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]
    checksum = _RESIDUES.get(_residue([*spread, *values]))
    if checksum is None:
        raise ValueError("wrong checksum")
    return prefix, values[:-_CHECKSUM_LEN], checksum


def to_bytes(values: list[int]) -> bytes:
    """Join 5-bit values to bytes; ValueError when what is left over is not zero bits of less than one value."""
    joined = 0
    for value in values:
        joined = joined << 5 | value
    size, rest = divmod(5 * len(values), 8)
    if rest >= 5 or joined & (1 << rest) - 1:
        raise ValueError("wrong padding")
    return (joined >> rest).to_bytes(size, "big")


def _residue(values: list[int]) -> int:
    state = 1
    for value in values:
        carried = state >> 25
        state = (state & (1 << 25) - 1) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            if carried >> bit & 1:
                state ^= generator
    return state
