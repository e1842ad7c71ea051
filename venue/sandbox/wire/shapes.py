"""Typed reading of parsed JSON with the rules of the contract's parser (serde): arrays for structs, no name twice."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from venue.sandbox.wire.strict_json import Members, Number, Value

_T = TypeVar("_T")
_K = TypeVar("_K")
_REQUIRED = object()

Read = Callable[[Value], _T]


class ShapeError(ValueError):
    """Raised for JSON of another shape than the contract takes."""


class Field(msgspec.Struct, frozen=True):
    """A member of a struct: ``aliases`` are older names that are still taken."""

    name: str
    read: Callable[[Value], Any]
    default: Any = _REQUIRED
    aliases: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is _REQUIRED


class Shape:
    """The members of a struct, in the order in which a list holds them.

    ``listed``: a list of its values is taken too. Serde takes none where another's members stand among its own
    (``flatten``).
    """

    def __init__(self, *fields: Field, listed: bool = True) -> None:
        self.fields = fields
        self.listed = listed
        self.names = {name: field for field in fields for name in (field.name, *field.aliases)}

    def without(self, *names: str) -> "Shape":
        return Shape(*(field for field in self.fields if field.name not in names), listed=self.listed)


def text(value: Value) -> str:
    if not isinstance(value, str):
        raise ShapeError("expected a string")
    return str(value)


def boolean(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ShapeError("expected a boolean")
    return value


def optional(read: Read[_T]) -> Read[_T | None]:
    return lambda value: None if value is None else read(value)


def sequence(read: Read[_T]) -> Read[tuple[_T, ...]]:
    def read_all(value: Value) -> tuple[_T, ...]:
        if not isinstance(value, list):
            raise ShapeError("expected a sequence")
        return tuple(read(each) for each in value)

    return read_all


def mapping(read_name: Callable[[str], _K], read: Read[_T]) -> Read[dict[_K, _T]]:
    """Read a map; of a name that stands in it twice the last value counts."""

    def read_all(value: Value) -> dict[_K, _T]:
        if not isinstance(value, Members):
            raise ShapeError("expected a map")
        return {read_name(str(name)): read(each) for name, each in value}

    return read_all


def members(value: Value, shape: Shape) -> dict[str, Any]:
    """Read a struct: unknown names are ignored."""
    if isinstance(value, list) and shape.listed:
        return _by_place(value, shape.fields)
    if not isinstance(value, Members):
        raise ShapeError("expected a struct")
    found: dict[str, Any] = {}
    for name, each in value:
        field = shape.names.get(name)
        if field is None:
            continue
        if field.name in found:
            raise ShapeError(f"duplicate field `{field.name}`")
        found[field.name] = field.read(each)
    for field in shape.fields:
        if field.name not in found:
            if field.required:
                raise ShapeError(f"missing field `{field.name}`")
            found[field.name] = field.default
    return found


def _by_place(value: list[Value], fields: Sequence[Field]) -> dict[str, Any]:
    if len(value) > len(fields):
        raise ShapeError(f"invalid length {len(value)}")
    found = {field.name: field.read(each) for field, each in zip(fields, value, strict=False)}
    for field in fields[len(value) :]:
        if field.required:
            raise ShapeError(f"invalid length {len(value)}")
        found[field.name] = field.default
    return found


def tagged(value: Value, tag: str, variants: Mapping[str, _T], *, what: str) -> tuple[_T, Value]:
    """Return the variant that the tag names, and the rest of the value.

    The tag is a member, or the first of a list; its place among the variants (from 0) is taken for its name.
    """
    if isinstance(value, list):
        if not value:
            raise ShapeError(f"missing field `{tag}`")
        return _variant(value[0], variants), value[1:]
    if not isinstance(value, Members):
        raise ShapeError(f"expected internally tagged enum {what}")
    tags = [each for name, each in value if name == tag]
    if len(tags) > 1:
        raise ShapeError(f"duplicate field `{tag}`")
    if not tags:
        raise ShapeError(f"missing field `{tag}`")
    return _variant(tags[0], variants), Members(member for member in value if member[0] != tag)


def _variant(name: Value, variants: Mapping[str, _T]) -> _T:
    if isinstance(name, Number) and name.integer is not None and 0 <= name.integer < len(variants):
        return list(variants.values())[name.integer]
    if not isinstance(name, str):
        raise ShapeError("expected variant identifier")
    if name not in variants:
        raise ShapeError(f"unknown variant `{name}`")
    return variants[name]
