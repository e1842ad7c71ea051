"""JSON as serde_json reads it: what is read is checked, what is skipped only for its syntax."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.sandbox.wire.strict_json import JsonSyntaxError, Members, Number, parse, parse_struct

DEEP = "[" * 500 + "]" * 500
SKIPPED = (DEEP, "1e999", '"\\ud800"', '{"a":{"b":[1,{}]},"a":1}', "[ ]", "{ }", "-0", '"\\u00e9\\/"', "[1,[2,[]],{}]")


@pytest.mark.parametrize("value", SKIPPED)
def test_a_value_that_nobody_reads_is_skipped_whatever_it_holds(value: str) -> None:
    text = f'{{"x":{value},"signed":[1], "y" : {value} }}'
    assert parse_struct(text, {"signed"}) == Members([("signed", [Number("1")])])


@pytest.mark.parametrize("value", [DEEP, "1e999", '"\\ud800"'])
def test_the_same_value_is_refused_where_it_is_read(value: str) -> None:
    for text in (f'{{"signed":{value}}}', f'{{"signed":[{value}]}}', f'[{{"signed":{value}}}]'):
        with pytest.raises(JsonSyntaxError):
            parse_struct(text, {"signed"})


def test_bytes_that_are_no_utf_8_may_stand_in_what_is_skipped_only() -> None:
    assert parse_struct(b'{"x":"\xff\xfe","a":1}', {"a"}) == Members([("a", Number("1"))])
    for text in (b'{"a":"\xff"}', b'{"\xff":1,"a":1}', b'{"a":"\xed\xa0\x80"}', b"\xff"):
        with pytest.raises(JsonSyntaxError):
            parse_struct(text, {"a"})
        with pytest.raises(JsonSyntaxError):
            parse(text)


@pytest.mark.parametrize(
    "value",
    ["", "01", "+1", "1.", ".5", "1e", "nul", "'x'", '"\n"', '"\\x"', '"\\u12g4"', "[1,]", "[,1]", "[1 2]", "[", "{",
     '{"a"}', '{"a":}', '{"a":1,}', "{1:2}", "{a:1}", '{"a":1]', "[1}", "NaN", '"', "]", "}"],
)  # fmt: skip
def test_what_is_skipped_must_be_json_all_the_same(value: str) -> None:
    with pytest.raises(JsonSyntaxError):
        parse_struct(f'{{"x":{value},"a":1}}', {"a"})
    with pytest.raises(JsonSyntaxError):
        parse(f'{{"x":{value},"a":1}}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.booleans())
def test_skipping_ends_where_reading_ends(value: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps({**value, "a": 1}, ensure_ascii=ascii_only, indent=1).encode("utf-8", "surrogatepass")
    read = parse(text) if b"\\ud" not in text and b"\xed" not in text else None
    assert parse_struct(text, {"a"}) == Members([("a", Number("1"))])
    if read is not None:
        assert parse_struct(text, {*value, "a"}) == read
