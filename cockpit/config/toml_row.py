"""One section of a TOML file: its keys checked one by one, and what is wrong with them collected."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from cockpit.config.errors import InvalidSettingError

Value = TypeVar("Value")

_MISSING = "is missing"
_MAX_SHOWN = 40


class TomlRow:
    """The keys of one section; what is wrong with them goes to the file's problems."""

    def __init__(self, where: str, values: Mapping[str, Any], problems: list[str]) -> None:
        self.where = where
        self.values = values
        self._problems = problems

    def problem(self, key: str, text: str) -> None:
        self._problems.append(f"{self.where}: {key}: {text}")

    def refuse_unknown(self, known: Collection[str]) -> None:
        for key in self.values:
            if key not in known:
                self.problem(printable(key), f"not a key of this section; expected {', '.join(known)}")

    def text(self, key: str, check: Callable[[str], Value], default: Value | None = None) -> Value | None:
        """Return the checked value; the default, or None, where it is missing or wrong."""
        value = self.values.get(key)
        if value is None:
            if default is None:
                self.problem(key, _MISSING)
            return default
        try:
            return check(value) if isinstance(value, str) else check("")
        except InvalidSettingError as error:
            self.problem(key, str(error))
            return None

    def accepts(self, key: str, check: Callable[[str], object]) -> bool:
        """Return whether the check takes the key's value."""
        value = self.values[key]
        try:
            check(value if isinstance(value, str) else "")
        except InvalidSettingError as error:
            self.problem(key, str(error))
            return False
        return True

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int | None:
        value = self.values.get(key, default)
        if value is None:
            self.problem(key, _MISSING)
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problem(key, f"expected a whole number from {low} to {high}")
            return None
        return value


def printable(text: str, most: int = _MAX_SHOWN) -> str:
    # What a person wrote may hold anything; a terminal must not act on it.
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"
