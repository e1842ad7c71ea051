"""The operator's own presets of pricing: `presets.toml` in the state directory or the configuration directory.

[quiet]
half_spread_bps = 9
vol_factor = "0.25"
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from cockpit.config.owned_file import read_owned
from cockpit.config.pricing_presets import PRESETS
from cockpit.config.toml_row import printable
from cockpit.model.pricing.pricing_set import PRICING_NAMES

MAX_BYTES = 64 * 1024
MOST_PRESETS = 50
MOST_DIGITS = 40
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_SETTING = "STRATEGY_"
BUILT_IN: Mapping[str, Mapping[str, str]] = {
    name: {setting.removeprefix(_SETTING).lower(): value for setting, value in values.items()}
    for name, values in PRESETS.items()
}
"""The presets of the settings, by the names of the values."""


class Presets(msgspec.Struct, frozen=True, kw_only=True):
    """Values by the preset's name, and what is wrong with the file: a preset with a problem is left out."""

    values: dict[str, dict[str, str]]
    problems: tuple[str, ...] = ()


def read_presets(files: Iterable[str]) -> Presets:
    """Read the first of the files that exists; the built-in presets are always there."""
    values = {name: dict(found) for name, found in BUILT_IN.items()}
    for name in files:
        path = Path(name)
        file = read_owned(path, others_may="read", max_bytes=MAX_BYTES)
        if file.problem:
            return Presets(values=values, problems=(file.problem,))
        if file.text is not None:
            own, problems = _parse(file.text, path)
            return Presets(values={**values, **own}, problems=problems)
    return Presets(values=values)


def _parse(text: str, path: Path) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return {}, (f"{path}: not TOML: {printable(str(error), 100)}",)
    except ValueError:
        return {}, (f"{path}: it holds a number that cannot be read",)
    found: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for name, row in table.items():
        where = f"{path}, [{printable(name)}]"
        if len(found) >= MOST_PRESETS:
            return found, (*problems, f"{path}: it holds more than {MOST_PRESETS} presets")
        if not _NAME.fullmatch(name) or name in BUILT_IN:
            problems.append(f"{where}: a preset's name is a small letter or digit, then some of a-z, 0-9, - and _")
        elif not isinstance(row, dict) or not row:
            problems.append(f"{where}: expected a section of values")
        elif wrong := [_problem(key, value) for key, value in row.items() if _problem(key, value)]:
            problems += [f"{where}: {text}" for text in wrong]
        else:
            found[name] = {key: str(value) for key, value in row.items()}
    return found, tuple(problems)


def _problem(key: str, value: object) -> str:
    if key not in PRICING_NAMES:
        return f"{printable(key)}: not a value of pricing; expected some of {', '.join(PRICING_NAMES)}"
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str) or len(str(value)) > MOST_DIGITS:
        return f"{key}: expected a number"
    try:
        finite = Decimal(value).is_finite()
    except ArithmeticError:
        finite = False
    return "" if finite else f"{key}: expected a number"
