"""What a peer that means harm answers: any bytes, broken JSON, and honest answers with one part of them changed."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import strategies as st

LONGEST = 1_000
"""Characters of any text that a client may pass on, or say: one line for each endpoint."""

VALUES: tuple[object, ...] = (
    None,
    True,
    "",
    0,
    -1,
    1.5,
    2**53,
    2**63,
    2**127,
    2**128,
    10**39,
    "9" * 39,
    "9" * 5_000,
    "-5",
    "1e999999999",
    "٣",
    "x" * 6_000,
    "\x1b]52;c;bm90IHlvdXJzCg==\x07",
    "\u202e3f1b",
    "a\nb",
    "9999-12-31T23:59:59Z",
    [],
    {},
    [[]] * 50,
)
"""Values that are out of range, of another type or dangerous to show, each in the place of an honest one."""

RAW = (
    b"",
    b"<html><body>upstream</body></html>",
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b'{"x":' + b"[" * 900 + b"]" * 900 + b"}",
    b"\xff\xfe" * 20,
    b"9" * 5_000,
    b"1e999999999",
)
_DEEP = "[" * 900 + "]" * 900
_NUMBER = "9" * 5_000
_MARK = "\ue000"


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every part of a decoded JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from paths(one, (*path, key))


def _changed(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(value[path[0]], path[1:], new)
    return copy


def _without(value: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(value, dict):
        rest = {key: one for key, one in value.items() if key != path[0]}
        return rest if len(path) == 1 else {**value, path[0]: _without(value[path[0]], path[1:])}
    if len(path) == 1:
        return [one for index, one in enumerate(value) if index != path[0]]
    return [_without(one, path[1:]) if index == path[0] else one for index, one in enumerate(value)]


def _twice(value: Any, path: tuple[Any, ...]) -> Any:
    """Return the value with everything in its list at ``path`` listed twice."""
    found = value
    for key in path:
        found = found[key]
    return _changed(value, path, found + found) if isinstance(found, list) else value


@st.composite
def mutated(draw: st.DrawFn, honest: Any) -> bytes:
    """Draw the JSON of ``honest`` with one to three parts replaced, left out, doubled or cut."""
    value = honest
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(paths(value))))
        kind = draw(st.sampled_from(("replace", "replace", "leave out", "twice", "deep", "number")))
        if kind == "leave out" and path:
            value = _without(value, path)
        elif kind == "twice":
            value = _twice(value, path)
        elif kind in ("deep", "number"):
            value = _changed(value, path, f"{_MARK}{kind}")
        else:
            value = _changed(value, path, draw(st.sampled_from(VALUES)))
    text = json.dumps(value, ensure_ascii=False)
    text = text.replace(f'"{_MARK}deep"', _DEEP).replace(f'"{_MARK}number"', _NUMBER)
    raw = text.encode("utf-8", "surrogatepass")
    return raw[: draw(st.integers(0, len(raw)))] if draw(st.integers(0, 9)) == 0 else raw


def hostile(honest: Any) -> st.SearchStrategy[bytes]:
    """Return a strategy for what may come in the place of the JSON of ``honest``."""
    return st.one_of(mutated(honest), mutated(honest), st.sampled_from(RAW), st.binary(max_size=60))


def check_bounded(value: object) -> None:
    """Assert that everything in a client's answer can be shown, and kept in a history."""
    if isinstance(value, str):
        assert len(value) <= LONGEST, f"a text of {len(value)} characters"
        assert value == "" or value.isprintable(), value
    elif isinstance(value, bool | bytes | None | float):
        return
    elif isinstance(value, int):
        assert abs(value) < 2**128
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            check_bounded(getattr(value, name))
    elif isinstance(value, dict):
        for key, one in value.items():
            check_bounded(key)
            check_bounded(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            check_bounded(one)
