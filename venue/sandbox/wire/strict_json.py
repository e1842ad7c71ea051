"""JSON as the contract's parser (serde_json) reads it: what it refuses is refused, and repeated names are kept.

A value is None, a bool, a ``Number``, a str, a list or ``Members``. A str that was written with escapes is
``Escaped``: the contract takes some fields only without.
"""

import re
from collections.abc import Collection, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]

import msgspec

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile('"([^"\\\\\x00-\x1f\ud800-\udfff]*)"')
_IGNORED = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 127
_CLOSING = {"{": "}", "[": "]"}
_WORDS = (("null", None), ("true", True), ("false", False))


class JsonSyntaxError(ValueError):
    """Raised for text that is no JSON, is nested too deeply, or holds a number too large for a float."""


class Escaped(str):
    """A text that the JSON writes with an escape."""

    __slots__ = ()


class Number(msgspec.Struct, frozen=True):
    """A number by its literal; ``integer`` is None for one with a fraction, an exponent or more than 64 bits."""

    literal: str

    @property
    def integer(self) -> int | None:
        if not self.literal.lstrip("-").isdigit():
            return None
        value = int(self.literal)
        return value if -(2**63) <= value < 2**64 else None


class Members(tuple[tuple[str, "Value"], ...]):
    """The members of an object in their order; a name may stand in it twice."""

    __slots__ = ()


Value = None | bool | Number | str | list["Value"] | Members


def parse(text: str | bytes) -> Value:
    """Parse a whole text. Raises JsonSyntaxError."""
    source = _source(text)
    return _whole(source, *_value(source, _after_space(source, 0), 0))


def parse_struct(text: str | bytes, names: Collection[str]) -> Value:
    """Parse a whole text that is read into a struct with members of these ``names``. Raises JsonSyntaxError.

    Members of an object by other names are left out. Their values may be nested to any depth, and hold numbers past a
    float and texts that are no UTF-8: the contract's parser skips them.
    """
    source = _source(text)
    at = _after_space(source, 0)
    if source[at : at + 1] != "{":
        return _whole(source, *_value(source, at, 0))
    return _whole(source, *_members(source, at + 1, 1, names))


def _source(text: str | bytes) -> str:
    # What is no UTF-8 becomes surrogates, which no text that is read may hold.
    return text.decode(errors="surrogateescape") if isinstance(text, bytes) else text


def _whole(source: str, value: Value, end: int) -> Value:
    if _after_space(source, end) != len(source):
        raise JsonSyntaxError("trailing characters")
    return value


def of_python(value: object) -> Value:
    """Return what another parser has read in this form; a Struct is not expected in it."""
    if isinstance(value, Mapping):
        return Members((name, of_python(each)) for name, each in value.items())
    if isinstance(value, list | tuple) and not isinstance(value, Members):
        return [of_python(each) for each in value]
    if value is None or isinstance(value, bool | Number | Members | str):
        return value
    return Number(repr(value))


def _after_space(source: str, at: int) -> int:
    found = _SPACE.match(source, at)
    return at if found is None else found.end()


def _value(source: str, at: int, depth: int) -> tuple[Value, int]:
    start = source[at : at + 1]
    if start == '"':
        return _text(source, at)
    if start in ("{", "["):
        if depth == _MAX_DEPTH:
            raise JsonSyntaxError("recursion limit exceeded")
        return (_members if start == "{" else _list)(source, at + 1, depth + 1)
    number = _NUMBER.match(source, at)
    if number is not None:
        return _number(number), number.end()
    for word, value in _WORDS:
        if source.startswith(word, at):
            return value, at + len(word)
    raise JsonSyntaxError("expected value" if start else "EOF while parsing a value")


def _number(found: re.Match[str]) -> Number:
    literal = found.group()
    if abs(float(literal)) == float("inf"):
        raise JsonSyntaxError("number out of range")
    return Number(literal)


def _text(source: str, at: int) -> tuple[str, int]:
    plain = _PLAIN.match(source, at)
    if plain is not None:
        return plain.group(1), plain.end()
    try:
        read, end = scanstring(source, at + 1, True)
    except ValueError as error:
        raise JsonSyntaxError(str(error)) from None
    if _SURROGATE.search(read):
        raise JsonSyntaxError("lone surrogate in hex escape")
    return Escaped(read), end


def _list(source: str, at: int, depth: int) -> tuple[list[Value], int]:
    found: list[Value] = []
    at = _after_space(source, at)
    if source[at : at + 1] == "]":
        return found, at + 1
    while True:
        value, at = _value(source, at, depth)
        found.append(value)
        at = _after_space(source, at)
        if source[at : at + 1] == "]":
            return found, at + 1
        at = _after_comma(source, at)


def _members(source: str, at: int, depth: int, names: Collection[str] | None = None) -> tuple[Members, int]:
    """Read an object behind its brace; of ``names`` only, if there are any."""
    found: list[tuple[str, Value]] = []
    at = _after_space(source, at)
    if source[at : at + 1] == "}":
        return Members(), at + 1
    while True:
        if source[at : at + 1] != '"':
            raise JsonSyntaxError("key must be a string")
        name, at = _text(source, at)
        at = _after_space(source, at)
        if source[at : at + 1] != ":":
            raise JsonSyntaxError("expected `:`")
        at = _after_space(source, at + 1)
        if names is None or name in names:
            value, at = _value(source, at, depth)
            found.append((name, value))
        else:
            at = _skip(source, at)
        at = _after_space(source, at)
        if source[at : at + 1] == "}":
            return Members(found), at + 1
        at = _after_comma(source, at)


def _after_comma(source: str, at: int) -> int:
    if source[at : at + 1] != ",":
        raise JsonSyntaxError("expected `,` or the end")
    return _after_space(source, at + 1)


def _skip(source: str, at: int) -> int:
    """Return the place behind a value that is only checked for its syntax."""
    open_ones: list[str] = []
    while True:
        start = source[at : at + 1]
        if start in ("{", "["):
            inside = _after_space(source, at + 1)
            if source[inside : inside + 1] == _CLOSING[start]:
                at = inside + 1
            else:
                open_ones.append(start)
                at = _skip_name(source, inside) if start == "{" else inside
                continue
        else:
            at = _skip_single(source, at)
        while open_ones:
            at = _after_space(source, at)
            if source[at : at + 1] == _CLOSING[open_ones[-1]]:
                open_ones.pop()
                at += 1
                continue
            at = _after_comma(source, at)
            if open_ones[-1] == "{":
                at = _skip_name(source, at)
            break
        else:
            return at


def _skip_name(source: str, at: int) -> int:
    at = _after_space(source, _skip_text(source, at))
    if source[at : at + 1] != ":":
        raise JsonSyntaxError("expected `:`")
    return _after_space(source, at + 1)


def _skip_text(source: str, at: int) -> int:
    found = _IGNORED.match(source, at)
    if found is None:
        raise JsonSyntaxError("expected a string")
    return found.end()


def _skip_single(source: str, at: int) -> int:
    if source[at : at + 1] == '"':
        return _skip_text(source, at)
    number = _NUMBER.match(source, at)
    if number is not None:
        return number.end()
    for word, _ in _WORDS:
        if source.startswith(word, at):
            return at + len(word)
    raise JsonSyntaxError("expected value")
