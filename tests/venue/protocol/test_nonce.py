import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.nonce import Nonce, decode_nonce, encode_nonce, pack_nonce, unpack_nonce

DEADLINE_NS = 2280047743000000000
SALT = bytes.fromhex("252812b3")
RANDOM = bytes.fromhex("027015ec13dc11864973138fe6812f")
VECTOR = bytes.fromhex("5628f6c600252812b300367290575ba41f027015ec13dc11864973138fe6812f")
VECTOR_BASE64 = "Vij2xgAlKBKzADZykFdbpB8CcBXsE9wRhklzE4/mgS8="

salts = st.binary(min_size=4, max_size=4)
randoms = st.binary(min_size=15, max_size=15)
deadlines = st.integers(0, 2**64 - 1)


def test_the_documented_vector_is_packed_to_the_byte() -> None:
    assert pack_nonce(SALT, DEADLINE_NS, RANDOM) == VECTOR
    assert encode_nonce(VECTOR) == VECTOR_BASE64
    assert decode_nonce(VECTOR_BASE64) == VECTOR
    assert unpack_nonce(VECTOR) == Nonce(SALT, DEADLINE_NS, RANDOM)


@given(salts, deadlines, randoms)
def test_a_packed_nonce_is_unpacked_unchanged(salt: bytes, deadline_ns: int, random: bytes) -> None:
    raw = pack_nonce(salt, deadline_ns, random)
    assert len(raw) == 32
    assert unpack_nonce(raw) == Nonce(salt, deadline_ns, random)
    assert decode_nonce(encode_nonce(raw)) == raw


@given(st.binary(max_size=8), st.integers(-(2**65), 2**66), st.binary(max_size=20))
def test_a_part_of_the_wrong_size_is_refused(salt: bytes, deadline_ns: int, random: bytes) -> None:
    fits = len(salt) == 4 and 0 <= deadline_ns < 2**64 and len(random) == 15
    if fits:
        assert len(pack_nonce(salt, deadline_ns, random)) == 32
    else:
        with pytest.raises(ValueError, match="a nonce needs"):
            pack_nonce(salt, deadline_ns, random)


def test_a_legacy_nonce_has_no_parts() -> None:
    assert unpack_nonce(b"\x00" * 32) is None


def test_an_unknown_version_after_the_magic_is_refused() -> None:
    with pytest.raises(ValueError, match="version 1"):
        unpack_nonce(VECTOR[:4] + b"\x01" + VECTOR[5:])


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        unpack_nonce(bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        decode_nonce(base64.b64encode(bytes(size)).decode())


@pytest.mark.parametrize("text", ["!", "Vij2xgAlKBKzADZykFdbpB8CcBXsE9wRhklzE4/mgS8", "ü" * 44])
def test_invalid_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_nonce(text)
