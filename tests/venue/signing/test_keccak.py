import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from venue.sandbox.wire.keccak import keccak256
from venue.signing.keccak import keccak_256

VECTORS = {
    b"": "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    b"abc": "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
    b"The quick brown fox jumps over the lazy dog": "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15",
}
"""Ethereum's hash of nothing, and the common examples."""


@pytest.mark.parametrize(("data", "digest"), VECTORS.items())
def test_known_digests(data: bytes, digest: str) -> None:
    assert keccak_256(data).hex() == digest


@given(st.binary(max_size=450))
@example(bytes(135))
@example(bytes(136))
@example(bytes(137))
def test_the_permutation_is_that_of_the_standard_librarys_sha3(data: bytes) -> None:
    """SHA3-256 is the same sponge with other padding, so the standard library proves all but one byte of it."""
    assert keccak_256(data, padding=0x06) == hashlib.sha3_256(data).digest()
    assert keccak_256(data) == keccak256(data)
