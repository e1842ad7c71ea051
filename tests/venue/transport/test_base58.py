"""The quote path's base58 encodes as the library does."""

import base58
from hypothesis import example, given
from hypothesis import strategies as st

from venue.transport.base58 import b58encode


@given(st.binary(max_size=80))
@example(b"")
@example(bytes(32))
@example(bytes(3) + b"\x01")
@example(b"\xff" * 64)
def test_it_encodes_as_the_library_does_and_the_library_decodes_it(raw: bytes) -> None:
    text = b58encode(raw)
    assert text == base58.b58encode(raw).decode()
    assert base58.b58decode(text) == raw
