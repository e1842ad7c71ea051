"""Addresses of both chains against the vectors of BIP-173, BIP-350, EIP-55 and Keccak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.sandbox.bridges.addresses import chain_address, read_address, segwit
from venue.sandbox.bridges.bridge import deposit_address
from venue.sandbox.wire.keccak import keccak256

BITCOIN, GNOSIS = "btc:mainnet", "eth:100"


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak(data: bytes, digest: str) -> None:
    assert keccak256(data).hex() == digest


@pytest.mark.parametrize(
    "address",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_a_gnosis_address_is_read_with_its_checksum_or_without_any(address: str) -> None:
    assert read_address(GNOSIS, address) == address
    assert read_address(GNOSIS, address.lower()) == address
    assert read_address(GNOSIS, "0x" + address[2:].swapcase()) is None


@pytest.mark.parametrize(
    "address",
    [
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
    ],
)
def test_a_bitcoin_address_is_read(address: str) -> None:
    assert read_address(BITCOIN, address) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
        "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
        "bc1gmk9yu",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    ],
)
def test_other_text_is_not_a_bitcoin_address(text: str) -> None:
    assert read_address(BITCOIN, text) is None


@pytest.mark.parametrize(
    "text", ["", "0x", "0x" + "0" * 40, "0x" + "g" * 40, "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"]
)
def test_other_text_is_not_a_gnosis_address(text: str) -> None:
    assert read_address(GNOSIS, text) is None


def test_a_witness_program_is_written_as_in_bip_173() -> None:
    program = bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")
    assert segwit(0, program) == "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


@given(st.binary(min_size=20, max_size=32).filter(lambda raw: any(raw[:20])), st.sampled_from([BITCOIN, GNOSIS]))
def test_generated_addresses_are_read(digest: bytes, chain: str) -> None:
    address = chain_address(chain, digest)
    assert read_address(chain, address) == address


@pytest.mark.parametrize("chain", [BITCOIN, GNOSIS])
def test_deposit_addresses_are_addresses_of_their_chain(chain: str) -> None:
    address = deposit_address("maker.near", chain)
    assert read_address(chain, address) == address
