import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.sandbox.bridges.addresses import segwit
from venue.signing.bech32 import bech32_decode, to_bytes

BECH32 = [
    "A12UEL5L",
    "a12uel5l",
    "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
    "1" + "1" + "q" * 82 + "c8247j",
    "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    "?1ezyfcl",
]
"""BIP-173's valid strings."""
BECH32M = [
    "A1LQFN3A",
    "a1lqfn3a",
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx",
    "1" + "1" + "l" * 82 + "ludsr8",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
    "?1v759aa",
]
"""BIP-350's valid strings."""
INVALID = [
    " 1nwldj5",
    "\x7f1axkwrx",
    "\x801eym55h",
    "an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx",
    "pzry9x0s0muk",
    "1pzry9x0s0muk",
    "x1b4n0q5v",
    "li1dgmt3",
    "de1lg7wt\xff",
    "A1G7SGD8",
    "10a06t8",
    "1qzzfhee",
    " 1xj0phk",
    "\x7f1g6xzxy",
    "\x801vctc34",
    "an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pts4",
    "qyrz8wqd2c9m",
    "1qyrz8wqd2c9m",
    "y1b0jsk6g",
    "lt1igcx5c0",
    "in1muywd",
    "mm1crxm3i",
    "au1s5cgom",
    "M1VUXWEZ",
    "16plkw9",
    "1p2gdwpf",
    "",
    "1",
    "a12UEL5L",
]
"""BIP-173's and BIP-350's invalid strings, and the shortest ones."""


@pytest.mark.parametrize(("text", "checksum"), [(t, "bech32") for t in BECH32] + [(t, "bech32m") for t in BECH32M])
def test_the_valid_strings_of_the_specifications_are_read(text: str, checksum: str) -> None:
    prefix, values, found = bech32_decode(text)
    assert found == checksum
    assert text.lower().startswith(prefix + "1")
    assert len(prefix) + 1 + len(values) + 6 == len(text)


@pytest.mark.parametrize("text", INVALID)
def test_the_invalid_strings_of_the_specifications_are_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any reason
        bech32_decode(text)


@given(st.integers(0, 16), st.binary(min_size=2, max_size=40))
def test_it_reads_what_the_sandbox_writes(version: int, program: bytes) -> None:
    prefix, values, checksum = bech32_decode(segwit(version, program))
    assert (prefix, values[0], to_bytes(values[1:])) == ("bc", version, program)
    assert checksum == ("bech32m" if version else "bech32")


@pytest.mark.parametrize("values", [[0], [0, 1], [31] * 3, [0, 0, 0], [1] * 9])
def test_leftover_bits_are_refused(values: list[int]) -> None:
    with pytest.raises(ValueError, match="padding"):
        to_bytes(values)
