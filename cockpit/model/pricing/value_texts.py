"""Limits and prices as a form shows and reads them: shares in %, times in seconds, thousands grouped. Pure.

What the desk takes and records keeps its own units: shares of 1, milliseconds.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import NamedTuple

from cockpit.model.commands import NO_OPTION_LIMIT
from cockpit.model.formatting import exact
from cockpit.model.pricing.pricing_set import PRICING_FIELDS, PricingField

Value = Decimal | int

NO_LIMIT = "no limit"
_EXACT = Context(prec=80)
_MOST_DIGITS = 30
_SHOWN: Mapping[str, tuple[str, Decimal]] = {"of 1": ("%", Decimal(100)), "ms": ("s", Decimal("0.001"))}
"""Of a unit of the desk: the one that is shown, and how many of it one is."""
_UNLIMITED: Mapping[str, Decimal] = {"max_option_eure": NO_OPTION_LIMIT}
_PLAIN = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?")
_CHANGE = re.compile(r"\b([a-z_]{3,40}) = (-?[\d.E+]{1,40})(?: \(was (-?[\d.E+]{1,40})\))?(?![\w.])")

LIMIT_FIELDS = (
    PricingField("max_notional_eure", "Max size of a quote", "EURe"),
    PricingField("min_notional_eure", "Min size of a quote", "EURe"),
    PricingField("max_promised_eure", "Max committed in live quotes", "EURe"),
    PricingField("max_signed_eure", "Max signed, refused included", "EURe"),
    PricingField("max_option_eure", "Max worth of signed options", "EURe"),
    PricingField("max_asset_share", "Max share of one asset", "of 1"),
    PricingField("max_quotes_per_second", "Max quotes", "per s"),
    PricingField("max_fills_per_hour", "Max fills", "per h"),
    PricingField("max_loss_per_day_eure", "Max daily loss", "EURe"),
    PricingField("min_edge_bps", "Min edge", "bps"),
    PricingField("max_reference_age_ms", "Max price age", "ms"),
    PricingField("max_inventory_age_ms", "Max balance age", "ms"),
    PricingField("max_divergence_bps", "Max source divergence", "bps"),
    PricingField("max_deadline_ms", "Max quote lifetime", "ms"),
)
_FIELDS: Mapping[str, PricingField] = {field.name: field for field in (*PRICING_FIELDS, *LIMIT_FIELDS)}


class Typed(NamedTuple):
    """What a form holds: the values that differ from those in force, and a sentence for each that cannot be used."""

    changes: dict[str, Value]
    problems: tuple[str, ...]


def shown_unit(field: PricingField) -> str:
    """Return the unit that a form shows a value in."""
    return _SHOWN[field.unit][0] if field.unit in _SHOWN else field.unit


def value_text(field: PricingField, value: Value) -> str:
    """Write a value as a form shows it: every digit, in the shown unit."""
    if field.name in _UNLIMITED and value >= _UNLIMITED[field.name]:
        return NO_LIMIT
    factor = _SHOWN[field.unit][1] if field.unit in _SHOWN else Decimal(1)
    return exact(_EXACT.multiply(Decimal(value), factor))


def parse_values(fields: Iterable[PricingField], texts: Mapping[str, str], current: Mapping[str, Value]) -> Typed:
    """Read what was typed. A text that still is that of the value in force changes nothing."""
    changes: dict[str, Value] = {}
    problems: list[str] = []
    for field in fields:
        text, value = texts[field.name].strip(), current[field.name]
        if text == value_text(field, value):
            continue
        try:
            found = _read(field, text, whole=isinstance(value, int))
        except ValueError as exc:
            problems.append(str(exc))
            continue
        if found != value:
            changes[field.name] = found
    return Typed(changes, tuple(problems))


def _read(field: PricingField, text: str, *, whole: bool) -> Value:
    if field.name in _UNLIMITED and text.casefold() in (NO_LIMIT, "none"):
        return _UNLIMITED[field.name]
    unit = shown_unit(field)
    timed = field.unit == "ms"
    wanted = "a whole number" if whole and not timed else "a number"
    refusal = f"{field.label}: {text or 'nothing'!r} is not {wanted}{f' ({unit})' if unit else ''}"
    if not _PLAIN.fullmatch(text):
        raise ValueError(refusal)
    try:
        typed = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise ValueError(refusal) from None
    if abs(typed.adjusted()) > _MOST_DIGITS:
        raise ValueError(refusal)
    value = _EXACT.divide(typed, _SHOWN[field.unit][1]) if field.unit in _SHOWN else typed
    if not whole:
        return value
    if value != value.to_integral_value():
        raise ValueError(f"{refusal} with at most 3 decimals" if timed else refusal)
    return int(value)


def in_words(text: str) -> str:
    """Name changed values of a desk's sentence by their labels, in the units of the forms; all else stays.

    ``max_notional_eure = 600 (was 500)`` is read as ``Max size of a quote 500 → 600 EURe``.
    """
    return _CHANGE.sub(_change, text)


def problem_in_words(text: str) -> str:
    """Name the values of a sentence about what cannot be by their labels; its numbers are in the desk's own units."""
    for field in _FIELDS.values():
        unit = f" ({field.unit})" if field.unit in _SHOWN else ""
        text = re.sub(rf"\b{field.name}\b", f"{field.label}{unit}", text)
    return text


def _change(found: re.Match[str]) -> str:
    field = _FIELDS.get(found[1])
    if field is None:
        return found[0]
    try:
        new, old = Decimal(found[2]), None if found[3] is None else Decimal(found[3])
    except InvalidOperation:
        return found[0]
    if any(abs(value.adjusted()) > _MOST_DIGITS for value in (new, old) if value is not None):
        return found[0]
    text = value_text(field, new)
    unit = "" if text == NO_LIMIT or not shown_unit(field) else f" {shown_unit(field)}"
    return f"{field.label}: {text}{unit}" if old is None else f"{field.label} {value_text(field, old)} → {text}{unit}"
