"""Addresses of Bitcoin mainnet and Gnosis: made from bytes, and checked as a sending wallet would.

Sources: BIP-173 and BIP-350 (bech32, bech32m), EIP-55.
"""

import base58

from venue.sandbox.wire.keccak import keccak256

_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
LONGEST = 90
"""Characters of a bech32 address (BIP-173), more than base58 addresses have: decoding takes time by their square."""
_BECH32, _BECH32M = 1, 0x2BC830A3
_BITCOIN_VERSIONS = (0x00, 0x05)


def chain_address(chain: str, digest: bytes) -> str:
    """Return the address of the first 20 bytes of ``digest``: P2WPKH on Bitcoin, EIP-55 on Gnosis."""
    return eip55(digest[:20]) if chain.startswith("eth:") else segwit(0, digest[:20])


def read_address(chain: str, text: str) -> str | None:
    """Return the address in its canonical form, None when the chain has no such address."""
    return _read_ethereum(text) if chain.startswith("eth:") else _read_bitcoin(text)


def eip55(raw: bytes) -> str:
    """Format 20 bytes as a checksummed address."""
    plain = raw.hex()
    digest = keccak256(plain.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(mark, 16) >= 8 else letter for letter, mark in zip(plain, digest, strict=False)
    )


def segwit(version: int, program: bytes) -> str:
    """Format a witness program as a mainnet address: bech32 for version 0, bech32m above."""
    data = [version, *_regroup(program, 8, 5)]
    mark = _BECH32 if version == 0 else _BECH32M
    checksum = _polymod([*_prefix("bc"), *data, 0, 0, 0, 0, 0, 0]) ^ mark
    tail = [checksum >> 5 * (5 - index) & 31 for index in range(6)]
    return "bc1" + "".join(_CHARSET[value] for value in [*data, *tail])


def _read_ethereum(text: str) -> str | None:
    if len(text) != 42 or not text.startswith("0x") or not text.isascii():
        return None
    try:
        raw = bytes.fromhex(text[2:])
    except ValueError:
        return None
    if len(raw) != 20 or not any(raw):
        return None
    canonical = eip55(raw)
    one_case = text[2:] in (text[2:].lower(), text[2:].upper())
    return canonical if one_case or text == canonical else None


def _read_bitcoin(text: str) -> str | None:
    if len(text) > LONGEST:
        return None
    if text[:3].lower() == "bc1":
        return _read_segwit(text)
    try:
        raw = base58.b58decode_check(text)
    except ValueError:
        return None
    return text if len(raw) == 21 and raw[0] in _BITCOIN_VERSIONS else None


def _read_segwit(text: str) -> str | None:
    if text not in (text.lower(), text.upper()) or not 14 <= len(text) <= 90:
        return None
    plain = text.lower()
    data = [_CHARSET.find(letter) for letter in plain[3:]]
    if -1 in data:
        return None
    mark = _polymod([*_prefix("bc"), *data])
    version, words = data[0], data[1:-6]
    try:
        program = bytes(_regroup(words, 5, 8))
    except ValueError:
        return None
    if mark != (_BECH32 if version == 0 else _BECH32M) or version > 16 or not 2 <= len(program) <= 40:
        return None
    return plain if version or len(program) in (20, 32) else None


def _prefix(text: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in text), 0, *(ord(letter) & 31 for letter in text)]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for index, term in enumerate(_GENERATOR):
            if top >> index & 1:
                check ^= term
    return check


def _regroup(values: bytes | list[int], width: int, into: int) -> list[int]:
    """Regroup ``width``-bit values into ``into``-bit ones; ValueError for leftovers that are not zero padding."""
    bits, buffer = 0, 0
    groups = []
    for value in values:
        buffer = buffer << width | value
        bits += width
        while bits >= into:
            bits -= into
            groups.append(buffer >> bits & (1 << into) - 1)
    rest = buffer & (1 << bits) - 1
    if width < into:
        if bits >= width or rest:
            raise ValueError("the padding is wrong")
    elif bits:
        groups.append(rest << (into - bits) & (1 << into) - 1)
    return groups
