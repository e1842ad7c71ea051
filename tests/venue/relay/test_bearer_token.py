"""The end of a bearer token: read from any JWT, unknown for anything else, and never an error."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.units import NS_PER_S
from venue.relay.bearer_token import LAST_S, MAX_LENGTH, end_of
from venue.sandbox.relay.bearer_tokens import BearerTokens

NOW_S = 1_795_000_000
NO_ENDS: list[Any] = [0, -1, LAST_S + 1, 10**40, "1795000000", True, None, [1], {}]


def part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def jwt(claims: Any, *, signature: str = "c2ln") -> str:
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return f"{part(b'{}')}.{part(body)}.{signature}"


@given(exp=st.integers(1, LAST_S), extra=st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_any_exp_in_range_is_read(exp: int, extra: dict[str, str]) -> None:
    assert end_of(jwt({**extra, "exp": exp})) == exp * NS_PER_S
    assert end_of(jwt({**extra, "exp": exp}, signature="")) == exp * NS_PER_S


def test_a_fraction_of_a_second_is_cut() -> None:
    assert end_of(jwt(b'{"exp": 1795000000.9}')) == NOW_S * NS_PER_S


@pytest.mark.parametrize(
    "token",
    [
        "sandbox-0123456789abcdef",
        "a.b",
        "a.b.c.d",
        "..",
        jwt({}),
        jwt([]),
        jwt(b"not json"),
        jwt(b'{"exp": NaN}'),
        jwt(b'{"exp": 1e999}'),
        jwt(b"[" * 8_000),
        jwt(b"\xff\xfe"),
        *(jwt({"exp": exp}) for exp in NO_ENDS),
        jwt({"exp": NOW_S, "more": "x" * MAX_LENGTH}),
        jwt({"exp": NOW_S}) + "\n",
        "ä" + jwt({"exp": NOW_S}),
    ],
)
def test_the_end_of_anything_else_is_unknown(token: str) -> None:
    assert end_of(token) is None


@given(st.text(max_size=200) | st.binary(max_size=200).map(jwt))
def test_no_token_raises(token: str) -> None:
    end_of(token)


def test_the_sandboxs_tokens_are_read() -> None:
    tokens = BearerTokens(1, lambda: NOW_S * NS_PER_S, life_s=90)
    assert end_of(tokens.first) == (NOW_S + 90) * NS_PER_S
    assert end_of(BearerTokens(1, lambda: 0).first) is None
