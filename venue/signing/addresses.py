"""Destination addresses: whether a text is one of its chain, on its main network, with its checksum right.

Sources: BIP-173 and BIP-350 (bech32, bech32m), Bitcoin's base58check version bytes, EIP-55. A sentence never repeats
the text that was given: it can be anything, a private key pasted into the wrong field included.
"""

import unicodedata

import sha3
from base58 import b58decode_check
from base58_bech32.bech32 import BECH32_1_CONST, BECH32_M_CONST, bech32_decode, convertbits

from venue.protocol.assets import BTC, EURE
from venue.signing.errors import InvalidAddressError

_BITCOIN = "a Bitcoin mainnet address (1…, 3… or bc1…) is expected"
_GNOSIS = "a Gnosis address (0x and 40 hex digits in upper and lower case) is expected"
_BECH32_MAX = 90
_TAPROOT_LEN = 32
"""Bytes of a version 1 witness program (BIP-341); of any other length, or a later version, anybody may spend it."""
_BITCOIN_VERSIONS = (0x00, 0x05)
_BITCOIN_TEST_VERSIONS = (0x6F, 0xC4)
_WIF_VERSIONS = (0x80, 0xEF)
_TEST_PREFIXES = {"tb1": "testnet or signet", "bcrt1": "regtest"}
_HEX = frozenset("0123456789abcdefABCDEF")
_TOKEN_CONTRACT = EURE.near_token.removeprefix("gnosis-").removesuffix(".omft.near")


def check_address(chain: str, text: str) -> str:
    """The address in its usual form, without surrounding whitespace; bech32 in lower case.

    ``chain`` is the bridge's name, ``btc:mainnet`` or ``eth:100``. Raises BadAddress.
    """
    if chain == BTC.chain:
        return _bitcoin(_one_word(text, _BITCOIN))
    if chain == EURE.chain:
        return _gnosis(_one_word(text, _GNOSIS))
    raise InvalidAddressError("addresses of this chain cannot be checked, only Bitcoin's and Gnosis'")


def eip55(address: str) -> str:
    """``0x`` and 40 hex digits, with the letters' case as EIP-55 has it."""
    digits = address[2:].lower()
    case = sha3.keccak_256(digits.encode("ascii")).hexdigest()
    return "0x" + "".join(c.upper() if int(h, 16) >= 8 else c for c, h in zip(digits, case, strict=False))


def _one_word(text: str, expected: str) -> str:
    word = text.strip()
    if not word:
        raise InvalidAddressError(f"there is no address: {expected}")
    for place, character in enumerate(word, 1):
        if character.isspace():
            raise InvalidAddressError(f"there is whitespace inside the address, at character {place}: {expected}")
        if not (character.isascii() and character.isprintable()):
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            raise InvalidAddressError(f"character {place} is no plain letter or digit but {name}: {expected}")
    if ":" in word:
        raise InvalidAddressError(f"give the address alone, without the part up to the colon: {expected}")
    return word


def _bitcoin(word: str) -> str:
    lower = word.lower()
    for prefix, network in _TEST_PREFIXES.items():
        if lower.startswith(prefix):
            raise InvalidAddressError(f"this is a Bitcoin {network} address: {_BITCOIN}")
    if lower.startswith("bc1"):
        return _segwit(word)
    if lower.startswith("0x"):
        raise InvalidAddressError(f"this looks like an address of Ethereum or Gnosis: {_BITCOIN}")
    try:
        raw = b58decode_check(word)
    except ValueError as error:
        wrong = "its checksum is wrong, so a character is" if "checksum" in str(error) else "a character of it is"
        raise InvalidAddressError(f"this is no Bitcoin address ({wrong} mistyped or missing): {_BITCOIN}") from None
    if len(raw) != 21:
        if raw[:1] and raw[0] in _WIF_VERSIONS and len(raw) in (33, 34):
            raise InvalidAddressError(f"this is a private key, which must never be given away: {_BITCOIN}")
        raise InvalidAddressError(f"this is base58 of another kind: {_BITCOIN}")
    if raw[0] in _BITCOIN_TEST_VERSIONS:
        raise InvalidAddressError(f"this is a Bitcoin testnet, signet or regtest address: {_BITCOIN}")
    if raw[0] not in _BITCOIN_VERSIONS:
        raise InvalidAddressError(f"this is the address of another coin: {_BITCOIN}")
    return word


def _segwit(word: str) -> str:
    if word != word.lower() and word != word.upper():
        raise InvalidAddressError(f"upper and lower case are mixed, which bech32 forbids: {_BITCOIN}")
    try:
        _, data, kind = bech32_decode(word, limit=_BECH32_MAX)
        program = convertbits(data[1:], 5, 8, False)
    except ValueError as error:
        raise InvalidAddressError(f"a character is mistyped or missing ({error}): {_BITCOIN}") from None
    if not data or data[0] > 16:
        raise InvalidAddressError(f"it names no witness version that exists: {_BITCOIN}")
    version = data[0]
    if kind != (BECH32_M_CONST if version else BECH32_1_CONST):
        needed, found = ("bech32m", "bech32") if version else ("bech32", "bech32m")
        raise InvalidAddressError(f"witness version {version} has a {needed} checksum and this is {found}: {_BITCOIN}")
    if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in (20, 32)):
        raise InvalidAddressError(f"it has the wrong length for witness version {version}: {_BITCOIN}")
    if version > 1 or (version == 1 and len(program) != _TAPROOT_LEN):
        raise InvalidAddressError(
            f"Bitcoin has no rule yet that protects money at witness version {version} with {len(program)} bytes, "
            f"anybody could take it: {_BITCOIN}"
        )
    return word.lower()


def _gnosis(word: str) -> str:
    digits = word[2:]
    if not word.startswith("0x"):
        if word[:3].lower() == "bc1" or word[0] in "13":
            raise InvalidAddressError(f"this looks like a Bitcoin address: {_GNOSIS}")
        raise InvalidAddressError(f"it does not begin with 0x: {_GNOSIS}")
    if not _HEX.issuperset(digits):
        raise InvalidAddressError(f"there is a character behind 0x that is no hex digit: {_GNOSIS}")
    if len(digits) != 40:
        raise InvalidAddressError(f"there are {len(digits)} hex digits behind 0x: {_GNOSIS}")
    if not digits.strip("0"):
        raise InvalidAddressError(f"this is the zero address, whose money nobody can spend: {_GNOSIS}")
    if word.lower() == _TOKEN_CONTRACT:
        raise InvalidAddressError(
            f"this is the contract of {EURE.symbol} itself, whose money nobody can spend: {_GNOSIS}"
        )
    if eip55(word) == word:
        return word
    if digits in (digits.lower(), digits.upper()):
        raise InvalidAddressError(
            "the letters are all of one case, so nothing tells a mistyped one: " + _GNOSIS + " (EIP-55)"
        )
    raise InvalidAddressError(f"the EIP-55 checksum is wrong, so a character is mistyped: {_GNOSIS}")
