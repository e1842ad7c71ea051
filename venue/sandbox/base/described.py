"""Settings and faults that say of themselves what they are: meaning, unit, range and default of each field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cache
from typing import Any, get_type_hints

import msgspec

from venue.sandbox.base.errors import SettingError

NO_VALUE = "none"
"""How a setting without a value is written."""
BUILT_IN = "built-in"


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a struct of settings, as a person writes it; ``unit`` and ``default`` may be empty."""

    name: str
    unit: str
    values: str
    default: str
    meaning: str


def about(meaning: str, unit: str = "", *, values: str = "", **limits: Any) -> msgspec.Meta:
    """Describe a field. ``values`` replaces what its type says of its range; ``limits`` are those of msgspec.Meta."""
    extra = {name: text for name, text in (("unit", unit), ("values", values)) if text}
    return msgspec.Meta(description=meaning or None, extra=extra or None, **limits)


def described(kind: type[msgspec.Struct]) -> tuple[Described, ...]:
    """Return every field of a struct in its order."""
    return tuple(_described(field) for field in _fields(kind))


def checked(kind: type[msgspec.Struct], given: Mapping[str, object], what: str) -> dict[str, object]:
    """Return the values in the types of their fields. Raises SettingError with one sentence for every wrong one.

    Text is read as a command line writes it: ``1,2`` is a list, ``none`` no value, ``{...}`` JSON. ``what`` names such
    a field in messages.
    """
    hints = _hints(kind)
    found: dict[str, object] = {}
    problems = []
    for name, value in given.items():
        if name not in hints:
            problems.append(unknown(name, hints, what))
            continue
        try:
            found[name] = msgspec.convert(_read(kind, name, value), hints[name], strict=False)
        except (ValueError, RecursionError) as error:
            problems.append(_refusal(kind, name, value, error))
    if problems:
        raise SettingError("; ".join(problems))
    return found


def unknown(name: str, known: Sequence[str] | Mapping[str, object], what: str) -> str:
    """Return the sentence that refuses a name: the known ones, nearest first."""
    nearest = sorted(known, key=lambda one: -SequenceMatcher(None, name[:64], one).ratio())
    return f"there is no {what} {name[:64]!r}; there are {', '.join(nearest)}"


def allowed(hint: Any) -> str:
    """Return in words what a value of this type may be."""
    from msgspec import inspect

    return _values(inspect.type_info(hint))


@cache
def _hints(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


@cache
def _fields(kind: type[msgspec.Struct]) -> Sequence[Any]:
    from msgspec import inspect

    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _described(field: Any) -> Described:
    meaning, unit, values, kind = "", "", "", field.type
    while type(kind).__name__ == "Metadata":
        extra = kind.extra or {}
        unit, values = unit or extra.get("unit", ""), values or extra.get("values", "")
        meaning = meaning or (kind.extra_json_schema or {}).get("description", "")
        kind = kind.type
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    shown = values or _values(kind)
    return Described(name=field.encode_name, unit=unit, values=shown, default=_shown(default), meaning=meaning)


def _values(kind: Any) -> str:
    # What a value of this type may be, in words.
    while type(kind).__name__ == "Metadata":
        if kind.extra and kind.extra.get("values"):
            return str(kind.extra["values"])
        kind = kind.type
    match type(kind).__name__:
        case "BoolType":
            return "true, false"
        case "NoneType":
            return NO_VALUE
        case "LiteralType":
            return ", ".join(str(value) or '""' for value in kind.values)
        case "IntType" | "FloatType":
            return _range(kind)
        case "UnionType":
            return " or ".join(_values(one) for one in kind.types)
        case "TupleType":
            return ",".join(f"({_values(one)})" for one in kind.item_types)
        case "VarTupleType":
            return f"any of {_values(kind.item_type)}"
        case "DictType":
            return f"{{{_values(kind.key_type)}: {_values(kind.value_type)}}}"
        case "StructType":
            return "{" + ", ".join(f"{one.encode_name}: {_values(one.type)}" for one in kind.fields) + "}"
        case "DecimalType":
            return "number"
    return "text"


def _range(kind: Any) -> str:
    low = kind.gt if kind.ge is None else kind.ge
    high = kind.lt if kind.le is None else kind.le
    if low is None and high is None:
        return "whole number" if type(kind).__name__ == "IntType" else "number"
    if high is None:
        return f"{_number(low)} or more" if kind.gt is None else f"above {_number(low)}"
    return f"{_number(low)} to {_number(high)}" if kind.gt is None else f"above {_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    whole = int(value)
    return f"{whole:,}" if whole == value else f"{value:g}"


def _shown(value: object) -> str:
    if value is None:
        return NO_VALUE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(_shown(one) for one in value)
    if isinstance(value, dict | msgspec.Struct):
        return json.dumps(msgspec.to_builtins(value)) if value else "{}"
    if not isinstance(value, str | int | float | Decimal):
        return BUILT_IN
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read(kind: type[msgspec.Struct], name: str, value: object) -> object:
    # Only text can stand for something else.
    if not isinstance(value, str):
        return value
    expected = set(_kinds(next(field.type for field in _fields(kind) if field.encode_name == name)))
    if value.strip().lower() == NO_VALUE and "NoneType" in expected:
        return None
    if value[:1] in ("[", "{") and not expected <= {"StrType", "NoneType"}:
        return json.loads(value)
    if expected & {"TupleType", "VarTupleType"}:
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _kinds(kind: Any) -> Iterator[str]:
    while type(kind).__name__ == "Metadata":
        kind = kind.type
    if type(kind).__name__ == "UnionType":
        for one in kind.types:
            yield from _kinds(one)
    else:
        yield type(kind).__name__


def _refusal(kind: type[msgspec.Struct], name: str, value: object, error: Exception) -> str:
    field = next(one for one in described(kind) if one.name == name)
    told = f"{name}: expected {field.values}{f' {field.unit}' if field.unit else ''}, got {str(value)[:64]!r}"
    return told if isinstance(value, str) and value[:1] not in ("[", "{") else f"{told} ({error})"
