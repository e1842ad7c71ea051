"""Checks of destination addresses: chain, main network and checksum.

Sources: BIP-173 and BIP-350 (bech32, bech32m), Bitcoin's base58check version bytes, EIP-55. A message never repeats
the text that was entered: it can be anything, even a private key pasted into the wrong field.
"""

import re
import unicodedata

from base58 import b58decode_check

from venue.protocol.tokens import EURE
from venue.signing.bech32 import bech32_decode, to_bytes
from venue.signing.burn_addresses import burned_bitcoin, burned_ethereum
from venue.signing.errors import InvalidAddressError
from venue.signing.keccak import keccak_256

BITCOIN_CHAIN = "btc:mainnet"
GNOSIS_CHAIN = "eth:100"
CHAINS = (BITCOIN_CHAIN, GNOSIS_CHAIN)
"""The bridge's names of the chains whose addresses can be checked."""
BITCOIN_HINT = "enter a Bitcoin mainnet address (1…, 3… or bc1…)"
GNOSIS_HINT = "enter a Gnosis address (0x and 40 hex digits in mixed case)"
LONGEST = 90
"""Characters of a bech32 address (BIP-173), the longest form. Reading base58 takes time by the square of its length."""
_PREFIX = "bc"
_TAPROOT_LEN = 32
"""Bytes of a version 1 witness program (BIP-341). Anybody may spend one of another length or a later version."""
_BURN = "this is a burn or placeholder address, nobody can spend from it"
_BITCOIN_VERSIONS = (0x00, 0x05)
_BITCOIN_TEST_VERSIONS = (0x6F, 0xC4)
_WIF_VERSIONS = (0x80, 0xEF)
_TEST_PREFIXES = {"tb1": "testnet or signet", "bcrt1": "regtest"}
_HEX = frozenset("0123456789abcdefABCDEF")
_GNOSIS_TOKEN = re.compile(r"gnosis-(0x[0-9a-f]{40})\.omft\.near")
_EURE_CONTRACT = EURE.near_token.removeprefix("gnosis-").removesuffix(".omft.near")


def check_address(chain: str, text: str, near_token: str = "") -> str:
    """Return the address in its canonical form: without surrounding whitespace, bech32 in lower case.

    ``chain`` is the bridge's name, ``btc:mainnet`` or ``eth:100``; ``near_token`` the NEAR contract of the token that
    shall go there, whose own contract on the chain is refused. Addresses that nobody can spend from are refused too,
    and one on Gnosis without any letter, which EIP-55 does not protect. Raises InvalidAddressError.
    """
    if chain == BITCOIN_CHAIN:
        return _bitcoin(_single_token(text, BITCOIN_HINT))
    if chain == GNOSIS_CHAIN:
        return _gnosis(_single_token(text, GNOSIS_HINT), _contract(near_token))
    raise InvalidAddressError("addresses on this chain cannot be checked; only Bitcoin and Gnosis are supported")


def eip55(address: str) -> str:
    """Return ``0x`` and 40 hex digits with the case of EIP-55."""
    digits = address[2:].lower()
    case = keccak_256(digits.encode("ascii")).hex()
    return "0x" + "".join(c.upper() if int(h, 16) >= 8 else c for c, h in zip(digits, case, strict=False))


def _single_token(text: str, hint: str) -> str:
    address = text.strip()
    if not address:
        raise InvalidAddressError(f"the address is empty: {hint}")
    if len(address) > LONGEST:
        raise InvalidAddressError(f"the address has {len(address)} characters, no address has over {LONGEST}: {hint}")
    for place, character in enumerate(address, 1):
        if character.isspace():
            raise InvalidAddressError(f"character {place} of the address is whitespace: {hint}")
        if not (character.isascii() and character.isprintable()):
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            raise InvalidAddressError(f"character {place} is {name}, not a plain letter or digit: {hint}")
    if ":" in address:
        raise InvalidAddressError(f"remove the part up to the colon: {hint}")
    return address


def _bitcoin(address: str) -> str:
    lower = address.lower()
    for prefix, network in _TEST_PREFIXES.items():
        if lower.startswith(prefix):
            raise InvalidAddressError(f"this is a Bitcoin {network} address: {BITCOIN_HINT}")
    if lower.startswith("bc1"):
        return _segwit(address)
    if lower.startswith("0x"):
        raise InvalidAddressError(f"this looks like an Ethereum or Gnosis address: {BITCOIN_HINT}")
    try:
        raw = b58decode_check(address)
    except ValueError as error:
        wrong = "wrong checksum" if "checksum" in str(error) else "invalid character"
        raise InvalidAddressError(f"a character is mistyped or missing ({wrong}): {BITCOIN_HINT}") from None
    if len(raw) != 21:
        if raw[:1] and raw[0] in _WIF_VERSIONS and len(raw) in (33, 34):
            raise InvalidAddressError(f"this is a private key, never share it: {BITCOIN_HINT}")
        raise InvalidAddressError(f"this is base58, but not an address: {BITCOIN_HINT}")
    if raw[0] in _BITCOIN_TEST_VERSIONS:
        raise InvalidAddressError(f"this is a Bitcoin testnet, signet or regtest address: {BITCOIN_HINT}")
    if raw[0] not in _BITCOIN_VERSIONS:
        raise InvalidAddressError(f"this is another coin's address: {BITCOIN_HINT}")
    if burned_bitcoin(address, raw[1:]):
        raise InvalidAddressError(f"{_BURN}: {BITCOIN_HINT}")
    return address


def _segwit(address: str) -> str:
    if address != address.lower() and address != address.upper():
        raise InvalidAddressError(f"bech32 does not allow mixed case: {BITCOIN_HINT}")
    try:
        prefix, data, found = bech32_decode(address)
        program = to_bytes(data[1:])
    except ValueError as error:
        raise InvalidAddressError(f"a character is mistyped or missing ({error}): {BITCOIN_HINT}") from None
    if prefix != _PREFIX:
        raise InvalidAddressError(f"this is another coin's address: {BITCOIN_HINT}")
    if not data or data[0] > 16:
        raise InvalidAddressError(f"its witness version does not exist: {BITCOIN_HINT}")
    version = data[0]
    needed = "bech32m" if version else "bech32"
    if found != needed:
        raise InvalidAddressError(f"witness version {version} needs a {needed} checksum, not {found}: {BITCOIN_HINT}")
    if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in (20, 32)):
        raise InvalidAddressError(f"it has the wrong length for witness version {version}: {BITCOIN_HINT}")
    if version > 1 or (version == 1 and len(program) != _TAPROOT_LEN):
        raise InvalidAddressError(
            f"anybody could spend money sent to witness version {version} with {len(program)} bytes: {BITCOIN_HINT}"
        )
    if burned_bitcoin(address.lower(), program):
        raise InvalidAddressError(f"{_BURN}: {BITCOIN_HINT}")
    return address.lower()


def _contract(near_token: str) -> str:
    # The PoA bridge names a token of Gnosis by its contract there.
    found = _GNOSIS_TOKEN.fullmatch(near_token)
    return found.group(1) if found else ""


def _gnosis(address: str, contract: str) -> str:
    digits = address[2:]
    if not address.startswith("0x"):
        if address[:3].lower() == "bc1" or address[0] in "13":
            raise InvalidAddressError(f"this looks like a Bitcoin address: {GNOSIS_HINT}")
        raise InvalidAddressError(f"it does not start with 0x: {GNOSIS_HINT}")
    if not _HEX.issuperset(digits):
        raise InvalidAddressError(f"a character after 0x is not a hex digit: {GNOSIS_HINT}")
    if len(digits) != 40:
        raise InvalidAddressError(f"it has {len(digits)} hex digits after 0x, not 40: {GNOSIS_HINT}")
    if not digits.strip("0"):
        raise InvalidAddressError(f"this is the zero address, nobody can spend from it: {GNOSIS_HINT}")
    if address.lower() in (_EURE_CONTRACT, contract):
        raise InvalidAddressError(f"this is the contract of a token, nobody can spend from it: {GNOSIS_HINT}")
    if burned_ethereum(digits):
        raise InvalidAddressError(f"{_BURN}: {GNOSIS_HINT}")
    if digits.isdigit():
        raise InvalidAddressError(
            f"it has no letters, so a typing error cannot be detected; use another account: {GNOSIS_HINT}"
        )
    if eip55(address) == address:
        return address
    if digits in (digits.lower(), digits.upper()):
        raise InvalidAddressError(
            f"the letters are all in one case, so a typing error cannot be detected: {GNOSIS_HINT}"
        )
    raise InvalidAddressError(f"a character is mistyped (wrong EIP-55 checksum): {GNOSIS_HINT}")
