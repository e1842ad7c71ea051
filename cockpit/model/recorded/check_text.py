"""What a risk check or an interlock compared, as a person reads it: one unit a line, rounded, in words. Pure.

The record keeps every digit; a text whose form is not known here is shown as it was recorded.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from cockpit.model.formatting import EURO_PLACES, MAX_PLACES, exact, is_euro, readable

_EXACT = Context(prec=120)
MOST_PLACES = 40
MS_A_SECOND = 1000
BPS_PLACES, SECOND_PLACES = 1, 2

EVERY_DIGIT = ("proof",)
"""Interlocks whose numbers are not rounded: a difference of one base unit stays visible."""
LABELS = {"promised": "committed", "rate": "quotes per second", "fills": "fills per hour", "loss": "daily loss"}
"""Names of checks that an operator reads in place of the recorded ones."""
IN_WORDS = {
    "strategy_armed": ("armed", "not armed"),
    "executor_armed": ("armed", "not armed"),
    "salt": ("known", "not known"),
    "relay": ("connected", "not connected"),
    "history": ("being written", "cannot be written"),
}
"""Of the checks that say yes or no: what either means."""

_N = r"(-?\d+(?:\.\d+)?(?:E[+-]?\d+)?)"
_U = r"([A-Za-z][\w.-]*)"
_ONE = re.compile(rf"{_N} {_U}")
_BOUND = re.compile(rf"{_N} {_U}, (at most|at least) {_N} {_U}")
_OPTION = re.compile(rf"{_N} {_U}, reduces from {_N}, at most {_N} {_U}")
_COVERED = re.compile(rf"gives {_N} {_U}, spendable (?:{_N}|unknown)")
_SHARE = re.compile(rf"(REDUCING: )?leaves {_N} {_U}, at least {_N}")
_COUNT = re.compile(rf"{_N} within (a second|an hour), at most {_N}")
_UNKNOWN = re.compile(rf"unknown, at most {_N} {_U}")
_NUMBER = re.compile(_N)
_IN_TEXT = re.compile(r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?) (ms|[A-Za-z][\w.-]*)\b")


def check_label(name: str) -> str:
    """Return what an operator reads in place of the recorded name of a check."""
    return LABELS.get(name, name.replace("_", " "))


@lru_cache(maxsize=4096)
def check_text(name: str, passed: bool, recorded: str, edge_bps: Decimal | None = None) -> str:
    """Return the recorded numbers of a check for reading. ``edge_bps``: the edge of the decision."""
    if name in IN_WORDS and recorded in ("yes", "no"):
        return IN_WORDS[name][0 if passed else 1]
    bound = _BOUND.fullmatch(recorded)
    if bound is not None:
        value, unit, word, limit, limit_unit = bound.groups()
        if unit == limit_unit:
            shown, most, unit = _in_one_unit((Decimal(value), Decimal(limit)), unit)
            return f"{shown} {unit}, {word} {most} {unit}"
        if name == "edge" and limit_unit == "bps" and edge_bps is not None:
            return _edge(edge_bps, Decimal(limit), passed)
    return _of_other_forms(name, recorded)


def _edge(bps: Decimal, least: Decimal, passed: bool) -> str:
    # The edge of a row is rounded down: one that passed reached what is wanted.
    shown, wanted = rounded_apart((max(bps, least) if passed else bps, least), BPS_PLACES)
    return f"{shown} bps, at least {wanted} bps"


def _of_other_forms(name: str, recorded: str) -> str:
    if found := _ONE.fullmatch(recorded):
        shown, unit = _in_one_unit((Decimal(found[1]),), found[2])
        return f"{shown} {unit}"
    if found := _OPTION.fullmatch(recorded):
        used, start, most, unit = _in_one_unit((Decimal(found[1]), Decimal(found[3]), Decimal(found[4])), found[2])
        return f"{used} {unit}, reduces from {start} {unit}, at most {most} {unit}"
    if found := _COVERED.fullmatch(recorded):
        if found[3] is None:
            return f"gives {readable(Decimal(found[1]), found[2])} {found[2]}, available unknown"
        gives, available, unit = _in_one_unit((Decimal(found[1]), Decimal(found[3])), found[2])
        return f"gives {gives} {unit}, {available} {unit} available"
    if found := _SHARE.fullmatch(recorded):
        left, keep, unit = _in_one_unit((Decimal(found[2]), Decimal(found[4])), found[3])
        return f"{found[1] or ''}leaves {left} {unit}, at least {keep} {unit}"
    if found := _COUNT.fullmatch(recorded):
        return f"{exact(Decimal(found[1]))} within {found[2]}, at most {exact(Decimal(found[3]))}"
    if found := _UNKNOWN.fullmatch(recorded):
        most, unit = _in_one_unit((Decimal(found[1]),), found[2])
        return f"unknown, at most {most} {unit}"
    if name == "reference" and _NUMBER.fullmatch(recorded):
        return f"{rounded_apart((Decimal(recorded),), 2)[0]} EUR per BTC"
    return readable_text(recorded)


def rounded_apart(values: Sequence[Decimal], places: int) -> tuple[str, ...]:
    """Round to ``places`` decimals, or to as many more as it takes that no two numbers compare otherwise than before.

    A number other than 0 is not shown as 0.
    """
    for digits in range(places, MOST_PLACES + 1):
        step = Decimal(1).scaleb(-digits)
        near = [value.quantize(step, rounding=ROUND_HALF_EVEN, context=_EXACT) for value in values]
        whole, shown = (*values, Decimal(0)), (*near, Decimal(0))
        if all(
            (a > b) == (x > y) and (a < b) == (x < y)
            for a, x in zip(whole, shown, strict=True)
            for b, y in zip(whole, shown, strict=True)
        ):
            return tuple(exact(value) for value in near)
    return tuple(exact(value) for value in values)


def _in_one_unit(values: Sequence[Decimal], unit: str) -> tuple[str, ...]:
    # The numbers and the unit that they are shown in, last.
    if unit == "ms":
        if max(abs(value) for value in values) < MS_A_SECOND:
            return (*rounded_apart(values, 0), "ms")
        return (*rounded_apart([_EXACT.divide(value, Decimal(MS_A_SECOND)) for value in values], SECOND_PLACES), "s")
    places = BPS_PLACES if unit == "bps" else EURO_PLACES if is_euro(unit) else MAX_PLACES
    return (*rounded_apart(values, places), unit)


@lru_cache(maxsize=1024)
def readable_text(text: str) -> str:
    """Return a text with its long amounts rounded and its long times in seconds; all else stays."""
    return _IN_TEXT.sub(_readable, text)


def interlock_text(ident: str, measured: str) -> str:
    """Return what an interlock measured, as a person reads it."""
    return measured if ident in EVERY_DIGIT else readable_text(measured)


def _readable(found: re.Match[str]) -> str:
    digits, unit = found[1].replace(",", ""), found[2]
    value = Decimal(digits)
    if unit == "ms":
        return " ".join(_in_one_unit((value,), unit))
    decimals = len(digits.partition(".")[2])
    if decimals <= (EURO_PLACES if is_euro(unit) else MAX_PLACES):
        return found[0]
    return f"{readable(value, unit)} {unit}"
