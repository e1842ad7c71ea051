import hashlib
import string

import base58
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venue.protocol.tokens import BTC, EURE
from venue.sandbox.bridges.addresses import segwit
from venue.signing.addresses import BITCOIN_HINT, GNOSIS_HINT, check_address, eip55
from venue.signing.errors import InvalidAddressError

P2PKH = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
P2SH = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
P2WPKH = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
P2TR = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"

SEGWIT_VALID = [
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    P2TR,
]
"""BIP-350's valid addresses of mainnet that a rule of Bitcoin protects."""

SEGWIT_INVALID = {
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": "anybody could spend",
    "BC1SW50QGDZ25J": "witness version 16",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "witness version 2",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd": "bech32m",
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL": "bech32m",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh": "bech32 checksum",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4": "mistyped",
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R": "witness version",
    "bc1pw5dgrnzv": "wrong length",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav": "wrong length",
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P": "wrong length",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf": "padding",
    "bc1gmk9yu": "witness version",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5": "mistyped",
    "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du": "padding",
    "bc1q" + "q" * 86: "mistyped",
    "bc1q" + "q" * 100: "104 characters",
    "bc1x1qw508d6qejxtdg4y5r3zarvary0c5xw7kglx4m7": "another coin",
    "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4": "mixed",
}
"""BIP-173's and BIP-350's invalid and unprotected addresses of mainnet, each with the reason for its refusal."""

ELSEWHERE = {
    "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx": "testnet or signet",
    "TB1QRP33G0Q5C5TXSP9ARYSRX4K6ZDKFS4NCE4XJ0GDCCCEFVPYSXF3Q0SL5K7": "testnet or signet",
    "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c": "testnet or signet",
    "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080": "regtest",
    "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn": "testnet, signet or regtest",
    "2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc": "testnet, signet or regtest",
}

EIP55 = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
"""EIP-55's test cases."""


def refused(chain: str, text: str) -> str:
    with pytest.raises(InvalidAddressError) as caught:
        check_address(chain, text)
    sentence = str(caught.value)
    assert sentence.endswith({BTC.chain: BITCOIN_HINT, EURE.chain: GNOSIS_HINT}[chain])
    assert len(text.strip()) < 8 or text.strip() not in sentence
    return sentence


@pytest.mark.parametrize("chain", [BTC.chain, EURE.chain])
def test_a_text_of_any_length_is_refused_before_it_is_decoded(chain: str) -> None:
    """Decoding it would take an hour."""
    with pytest.raises(InvalidAddressError, match="the address has 1000000 characters, no address has over 90"):
        check_address(chain, "x" * 1_000_000, EURE.near_token)


@pytest.mark.parametrize("address", [P2PKH, P2SH])
def test_base58check_addresses_of_mainnet_are_accepted(address: str) -> None:
    assert check_address(BTC.chain, address) == address


@pytest.mark.parametrize("address", SEGWIT_VALID)
def test_segwit_addresses_of_mainnet_are_accepted_in_lower_case(address: str) -> None:
    assert check_address(BTC.chain, address) == address.lower()


@pytest.mark.parametrize(("address", "reason"), SEGWIT_INVALID.items())
def test_invalid_segwit_addresses_are_refused_with_the_reason(address: str, reason: str) -> None:
    assert reason in refused(BTC.chain, address)


@pytest.mark.parametrize(("address", "network"), ELSEWHERE.items())
def test_addresses_of_test_networks_are_named_as_such(address: str, network: str) -> None:
    assert f"Bitcoin {network} address" in refused(BTC.chain, address)


def test_other_base58_is_named() -> None:
    litecoin = base58.b58encode_check(b"\x30" + bytes(20)).decode()
    assert "another coin" in refused(BTC.chain, litecoin)
    wif = base58.b58encode_check(b"\x80" + bytes(range(32)) + b"\x01").decode()
    assert "private key" in refused(BTC.chain, wif)
    assert "but not an address" in refused(BTC.chain, base58.b58encode_check(bytes(30)).decode())
    assert "checksum" in refused(BTC.chain, P2PKH[:-1] + "3")
    assert "mistyped" in refused(BTC.chain, P2PKH[:-1] + "0")


@pytest.mark.parametrize("address", EIP55)
def test_eip55_addresses_are_accepted_as_they_are(address: str) -> None:
    assert check_address(EURE.chain, address) == address
    assert eip55(address.lower()) == address


@pytest.mark.parametrize("address", EIP55[4:])
def test_a_gnosis_address_without_or_with_a_wrong_checksum_is_refused_with_a_hint(address: str) -> None:
    for plain in (address.lower(), "0x" + address[2:].upper()):
        assert "all in one case" in refused(EURE.chain, plain)
    for place, character in enumerate(address[2:], 2):
        if character.isalpha():
            changed = address[:place] + character.swapcase() + address[place + 1 :]
            assert "wrong EIP-55 checksum" in refused(EURE.chain, changed)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0x" + "0" * 40, "zero address"),
        (eip55("0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430"), "this is the contract of a token"),
        (EIP55[4][:-1], "39 hex digits"),
        (EIP55[4] + "0", "41 hex digits"),
        (EIP55[4][2:], "does not start with 0x"),
        ("0X" + EIP55[4][2:], "does not start with 0x"),
        (EIP55[4][:-1] + "g", "not a hex digit"),
        ("gno:" + EIP55[4], "colon"),
        (P2WPKH, "Bitcoin"),
        (P2PKH, "Bitcoin"),
        ("", "address is empty"),
    ],
)
def test_any_other_text_is_refused_as_a_gnosis_address_with_the_reason(text: str, reason: str) -> None:
    assert reason in refused(EURE.chain, text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (EIP55[4], "Ethereum or Gnosis"),
        ("bitcoin:" + P2WPKH, "colon"),
        (" \n\t ", "address is empty"),
        ("bc1", "mistyped"),
        ("1", "mistyped"),
    ],
)
def test_any_other_text_is_refused_as_a_bitcoin_address_with_the_reason(text: str, reason: str) -> None:
    assert reason in refused(BTC.chain, text)


@pytest.mark.parametrize(("chain", "address"), [(BTC.chain, P2WPKH), (BTC.chain, P2SH), (EURE.chain, EIP55[4])])
def test_whitespace_around_is_trimmed_and_inside_refused(chain: str, address: str) -> None:
    assert check_address(chain, f" \t\u00a0{address}\r\n") == address
    for gap in (" ", "\n", "\u00a0", "\u2003"):
        assert "is whitespace" in refused(chain, address[:10] + gap + address[10:])


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (P2WPKH.replace("c", "\u0441", 1), "CYRILLIC SMALL LETTER ES"),
        (P2PKH.replace("B", "\u0392", 1), "GREEK CAPITAL LETTER BETA"),
        (P2WPKH.replace("0", "\u0660", 1), "ARABIC-INDIC DIGIT ZERO"),
        (P2WPKH.upper().replace("K", "\u212a", 1), "KELVIN SIGN"),
        (P2WPKH.replace("8", "\uff18", 1), "FULLWIDTH DIGIT EIGHT"),
        ("\u200b" + P2WPKH, "ZERO WIDTH SPACE"),
        (P2WPKH[:9] + "\u202e" + P2WPKH[9:], "RIGHT-TO-LEFT OVERRIDE"),
        (P2WPKH + "\x00", "U+0000"),
    ],
)
def test_look_alikes_and_invisible_characters_are_named(address: str, name: str) -> None:
    assert name in refused(BTC.chain, address)


def test_a_look_alike_in_a_gnosis_address_is_named() -> None:
    assert "CYRILLIC SMALL LETTER A" in refused(EURE.chain, EIP55[4].replace("a", "\u0430", 1))


def test_an_address_of_another_chain_is_refused() -> None:
    with pytest.raises(InvalidAddressError, match="cannot be checked"):
        check_address("eth:1", EIP55[4])


def hashes(size: int) -> st.SearchStrategy[bytes]:
    """Bytes without a pattern: what is hashed is never an address that a person wrote."""
    return st.binary(max_size=16).map(lambda seed: hashlib.sha256(seed).digest()[:size])


programs = st.one_of(
    st.tuples(st.just(0), st.sampled_from([20, 32]).flatmap(hashes)),
    st.tuples(st.just(1), hashes(32)),
)


bitcoin = st.one_of(
    programs.map(lambda parts: segwit(*parts)),
    st.tuples(st.sampled_from([0, 5]), hashes(20)).map(
        lambda parts: base58.b58encode_check(bytes([parts[0]]) + parts[1]).decode()
    ),
)


@settings(max_examples=150, deadline=None)
@given(bitcoin, st.data())
def test_no_bitcoin_address_with_one_changed_character_is_accepted(address: str, data: st.DataObject) -> None:
    assert check_address(BTC.chain, address) == address
    place = data.draw(st.integers(0, len(address) - 1))
    characters = string.ascii_letters + string.digits + string.punctuation
    other = data.draw(st.sampled_from([c for c in characters if c != address[place]]))
    with pytest.raises(InvalidAddressError):
        check_address(BTC.chain, address[:place] + other + address[place + 1 :])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100))
def test_any_text_is_an_address_or_a_refusal(text: str) -> None:
    for chain in (BTC.chain, EURE.chain):
        with pytest.raises(InvalidAddressError):
            check_address(chain, text)


@pytest.mark.parametrize("address", EIP55[4:])
def test_no_changed_digit_of_these_gnosis_addresses_is_accepted(address: str) -> None:
    for place in range(2, len(address)):
        for digit in string.hexdigits:
            if digit != address[place]:
                with pytest.raises(InvalidAddressError):
                    check_address(EURE.chain, address[:place] + digit + address[place + 1 :])


def test_no_token_is_sent_to_its_own_contract() -> None:
    contract = eip55("0x1111111111111111111111111111111111111abc")
    near_token = f"gnosis-{contract.lower()}.omft.near"
    assert check_address(EURE.chain, contract) == contract
    assert check_address(EURE.chain, contract, EURE.near_token) == contract
    for refused, token in ((contract, near_token), (eip55(EURE.near_token[7:49]), near_token)):
        with pytest.raises(InvalidAddressError, match="this is the contract of a token"):
            check_address(EURE.chain, refused, token)


BURNED = [
    eip55("0x000000000000000000000000000000000000dead"),
    eip55("0xdead000000000000000042069420694206942069"),
    *(eip55("0x" + digits) for digits in ("dead" * 10, "deadbeef" * 5, "1" * 40, "e" * 40, "f" * 40, "1234567890" * 4)),
    *(eip55(f"0x{number:040x}") for number in (1, 9, 10, 0xFF, 0x100, 0xFFFF)),
    *("1BitcoinEaterAddressDontSendf59kuE", "1CounterpartyXXXXXXXXXXXXXXXUWLpVr", "1111111111111111111114oLvT2"),
    base58.b58encode_check(b"\x05" + b"\xff" * 20).decode(),
    base58.b58encode_check(b"\x00" + bytes(19) + b"\x01").decode(),
    *(segwit(0, bytes(size)) for size in (20, 32)),
    segwit(1, b"\xab\xcd" * 16),
]


@pytest.mark.parametrize("address", BURNED)
def test_what_nobody_can_spend_from_is_refused(address: str) -> None:
    chain = EURE.chain if address.startswith("0x") else BTC.chain
    assert "burn or placeholder address" in refused(chain, address)


def test_a_gnosis_address_without_letters_is_refused_since_no_typing_error_shows() -> None:
    assert "no letters" in refused(EURE.chain, "0x1234567890123456789012345678901234567891")
