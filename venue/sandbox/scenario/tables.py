"""Reads tables of a scenario strictly: every wrong entry gets a sentence with what is allowed there."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar, get_type_hints

import msgspec

from venue.sandbox.base.described import NO_VALUE, allowed, unknown

_Struct = TypeVar("_Struct", bound=msgspec.Struct)
SHOWN = 64
"""Characters of a wrong value that a message repeats."""


def hints_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the types of a struct's fields by the names that its JSON has."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.encode_name: hints[field.name] for field in msgspec.structs.fields(kind)}


def required_of(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.encode_name for field in msgspec.structs.fields(kind) if field.required)


def read_fields(
    given: object, hints: Mapping[str, Any], problems: list[str], *, required: Collection[str] = ()
) -> dict[str, object]:
    """Return the values in the types of ``hints``, and add a problem for each that is unknown, wrong or missing."""
    if not isinstance(given, dict):
        problems.append(f"expected a table with {', '.join(hints)}; got {shown(given)}")
        return {}
    found: dict[str, object] = {}
    for name, value in given.items():
        if name not in hints:
            problems.append(unknown(name, hints, "entry"))
            continue
        try:
            found[name] = msgspec.convert(value, hints[name], strict=False)
        except (ValueError, RecursionError) as error:
            reason = "" if isinstance(value, str | int | float) else f" ({error})"
            problems.append(f"{name}: expected {wanted(hints[name])}; got {shown(value)}{reason}")
    problems += [f"{name} is missing: {wanted(hints[name])}" for name in required if name not in given]
    return found


def read_struct(kind: type[_Struct], given: object, problems: list[str]) -> _Struct | None:
    """Return the struct, or None and a problem for everything that is wrong with it."""
    before = len(problems)
    read_fields(given, hints_of(kind), problems, required=required_of(kind))
    if len(problems) > before:
        return None
    try:
        return msgspec.convert(given, kind, strict=False)
    except ValueError as error:
        problems.append(str(error))
        return None


def wanted(hint: Any) -> str:
    """Return what a value may be. TOML has no word for none: what has no value is left out."""
    return allowed(hint).removesuffix(f" or {NO_VALUE}")


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def not_finite(value: object, path: str = "") -> Iterator[str]:
    """Yield the places of the numbers that are none: TOML can write nan and inf, which pass every limit."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from not_finite(one, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from not_finite(one, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield path
