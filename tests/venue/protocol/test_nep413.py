import hashlib
import struct

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import VerifyKey

from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import decode_nonce

MESSAGE = (
    '{"deadline":"2025-05-23T07:40:13.735337Z","intents":[{"intent":"token_diff","diff":'
    '{"nep141:usdc.near":"-100","nep141:usdt.near":"100"}}],"signer_id":"charlie.near"}'
)
NONCE = "Vij2xgAlKBKzwJcGrQQYQhiLk1HU5AVNH1M3PhtxosE="
PUBLIC_KEY = "C3jXhkGhEx88Gj7XKtUziJKXEBMRaJ67bWFkxJikVxZ2"
SIGNATURE = "617X6QMiwFohRHqEuFwZ8aGU6Gn8PsH1DM3grArCYSKSvLz4wBPPGLzLPX3SLstLB331ESGPUToaPkUE7DvgefUu"
HASH = "J8Rt4LC2UqGSr2jiSCHknxHNQ1Fq6cZMGu92ggdk9sML"


def test_the_documented_message_has_the_documented_hash_and_its_signature_is_valid() -> None:
    digest = nep413_hash(MESSAGE.encode(), decode_nonce(NONCE), b"intents.near")
    assert base58.b58encode(digest).decode() == HASH
    VerifyKey(base58.b58decode(PUBLIC_KEY)).verify(digest, base58.b58decode(SIGNATURE))


def _borsh_string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<I", len(raw)) + raw


@given(st.text(), st.binary(min_size=32, max_size=32), st.text(), st.none() | st.text())
def test_the_hash_is_over_the_tag_and_the_borsh_fields_in_order(
    message: str, nonce: bytes, recipient: str, callback: str | None
) -> None:
    body = _borsh_string(message) + nonce + _borsh_string(recipient)
    body += b"\x00" if callback is None else b"\x01" + _borsh_string(callback)
    expected = hashlib.sha256((2**31 + 413).to_bytes(4, "little") + body).digest()
    got = nep413_hash(message.encode(), nonce, recipient.encode(), None if callback is None else callback.encode())
    assert got == expected


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_nonce_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        nep413_hash(b"", bytes(size), b"")
