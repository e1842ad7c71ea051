"""The small language of ``/``: which rows are shown. Pure.

Terms apart by spaces must all hold. ``side:sell`` (contains), ``side=sell`` (is), ``notional>100`` and ``>=``, ``<``,
``<=`` (a number), ``>100`` (the panel's main number), ``word`` or ``"two words"`` (anywhere in the row), ``a|b``
(either), and ``-`` before any of them (not). Case does not matter. Ages take ``s``, ``m``, ``h`` and ``d``: ``age<5m``.
"""

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

import msgspec

from panels.kit.errors import InvalidFilterError

Value = str | Decimal | int | None
RowFacts = Mapping[str, Value]
"""The values of one row, by field; an unknown number is None."""

FieldKind = Literal["text", "number", "age"]
Fields = Mapping[str, FieldKind]
"""The fields of a panel's rows, the main number before all other numbers. Ages are in seconds."""

Headings = Mapping[str, str]
"""Other names of fields: those of the columns as they are shown, in small letters, spaces as ``_``."""
NO_HEADINGS: Headings = {}

Operator = Literal[":", "=", ">", ">=", "<", "<="]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_PIECE = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_TERM = re.compile(r"(?P<field>[A-Za-z_/]*)(?P<operator>>=|<=|[:=<>])(?P<value>.*)", re.DOTALL)


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """One condition. ``field`` is empty for a word that may be anywhere; ``number`` is set for a comparison."""

    field: str = ""
    operator: Operator = ":"
    words: tuple[str, ...] = ()
    number: Decimal | None = None
    wanted: bool = True

    def holds(self, facts: RowFacts) -> bool:
        """Return whether a row fits. An unknown value satisfies no comparison, nor its opposite."""
        if self.number is not None:
            value = facts.get(self.field)
            if value is None or isinstance(value, str):
                return False
            return COMPARE[self.operator](Decimal(value), self.number) == self.wanted
        texts = [facts.get(self.field)] if self.field else facts.values()
        plain = [_plain(value) for value in texts]
        if self.operator == "=":
            return any(text == word for text in plain for word in self.words) == self.wanted
        return any(word in text for text in plain for word in self.words) == self.wanted


class RowFilter(msgspec.Struct, frozen=True):
    """Terms that must all hold. ``text`` is what was typed."""

    text: str
    terms: tuple[Term, ...]

    def holds(self, facts: RowFacts) -> bool:
        """Whether a row with these facts is shown."""
        return all(term.holds(facts) for term in self.terms)


def parse(text: str, fields: Fields, headings: Headings = NO_HEADINGS) -> RowFilter:
    """Read a filter for rows with these ``fields``, named so or by their headings. Raises InvalidFilterError."""
    terms = tuple(_term(piece, fields, headings) for piece in _PIECE.findall(text))
    return RowFilter(" ".join(text.split()), terms)


def parse_typed(text: str, fields: Fields, headings: Headings = NO_HEADINGS) -> RowFilter:
    """Read a filter that is being typed: a last word that may become the name of a field is no condition yet."""
    start = _last_word(text)
    if start is None or not _named(text[start:], fields, headings):
        return parse(text, fields, headings)
    return parse(text[:start].removesuffix("-"), fields, headings)


def completed(text: str, fields: Fields, headings: Headings = NO_HEADINGS) -> str | None:
    """Return the text with its last word completed to the name of a field; None where it starts none."""
    start = _last_word(text)
    found = [] if start is None else _named(text[start:], fields, headings)
    if start is None or not found:
        return None
    name = found[0]
    return f"{text[:start]}{name}{':' if fields[headings.get(name, name)] == 'text' else '>'}"


def field_names(fields: Fields, headings: Headings = NO_HEADINGS) -> tuple[str, ...]:
    """Return the names to offer: that of its column for each field that has one."""
    shown = {field: heading for heading, field in reversed(list(headings.items()))}
    return tuple(shown.get(field, field) for field in fields)


def heading_name(title: str) -> str:
    """Return how the title of a column is typed."""
    return title.casefold().replace(",", "").replace(" ", "_")


def _last_word(text: str) -> int | None:
    # Where the bare word starts that the text ends with.
    found = re.search(r"(?:^|\s)-?([A-Za-z_/]+)$", text)
    return None if found is None else found.start(1)


def _named(start: str, fields: Fields, headings: Headings) -> list[str]:
    names = (*field_names(fields, headings), *fields)
    return [name for name in dict.fromkeys(names) if name.startswith(start.casefold())]


def _term(piece: str, fields: Fields, headings: Headings) -> Term:
    wanted = not (piece.startswith("-") and len(piece) > 1)
    bare = piece if wanted else piece[1:]
    if bare.count('"') % 2:
        raise InvalidFilterError(f"{bare}: closing quote is missing")
    found = _TERM.fullmatch(bare)
    if found is None:
        return Term(words=_words(bare, bare), wanted=wanted)
    field, sign, value = found["field"].lower(), found["operator"], found["value"]
    field = field if field in fields else headings.get(field, field)
    offered = field_names(fields, headings)
    if sign in COMPARE:
        return _comparison(bare, field, sign, value, fields, headings, wanted)
    if not field:
        raise InvalidFilterError(f"{bare}: field missing before {sign}; use {', '.join(offered)}")
    _known(field, fields, headings)
    return Term(field=field, operator=":" if sign == ":" else "=", words=_words(value, bare), wanted=wanted)


def _comparison(bare: str, field: str, sign: str, value: str, fields: Fields, headings: Headings, wanted: bool) -> Term:
    numbers = [name for name, kind in fields.items() if kind != "text"]
    if not numbers:
        raise InvalidFilterError(f"{bare}: these rows have no number field")
    if field:
        _known(field, fields, headings)
        if field not in numbers:
            shown = [name for name in field_names(fields, headings) if headings.get(name, name) in numbers]
            raise InvalidFilterError(f"{field} is not a number; numbers are {', '.join(shown)}")
    else:
        field = numbers[0]
    number = _number(value, bare, fields[field])
    return Term(field=field, operator=sign, number=number, wanted=wanted)  # type: ignore[arg-type]


def _known(field: str, fields: Fields, headings: Headings) -> None:
    if field not in fields:
        raise InvalidFilterError(f"no field {field}; fields are {', '.join(field_names(fields, headings))}")


def _number(text: str, bare: str, kind: FieldKind) -> Decimal:
    plain = text.replace(",", "").replace('"', "").lower()
    unit = 1
    if kind == "age" and plain[-1:] in UNITS:
        plain, unit = plain[:-1], UNITS[plain[-1]]
    elif kind == "number" and plain.endswith("k"):
        plain, unit = plain[:-1], 1000
    try:
        number = Decimal(plain) if plain.isascii() and "_" not in plain else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise InvalidFilterError(f"{bare}: a number is missing" if not text else f"{bare}: {text} is not a number")
    return number * unit


def _words(text: str, bare: str) -> tuple[str, ...]:
    words = tuple(word.casefold() for word in text.replace('"', "").split("|") if word)
    if not words:
        raise InvalidFilterError(f"{bare}: a word is missing")
    return words


def _plain(value: Value) -> str:
    return "" if value is None else str(value).casefold()
