"""Filters that outlive the cockpit: the one used last in a panel, and those that were given a name."""

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

MAX_TEXT = 200
MAX_NAMED = 12
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,19}")
WORDS = ("save", "forget")
NAME_RULE = "a name is 1 to 20 letters, digits, - or _, starting with a letter"
_COMMAND = re.compile(r"(?P<before>(?:.*?\s)??)(?P<word>save|forget)(?:\s+(?P<name>\S*))?\s*", re.DOTALL)
_STARTED = re.compile(r"(?P<before>(?:.*\s)?)(?P<word>[a-z]+)", re.DOTALL)


class SavedFilters(msgspec.Struct, frozen=True):
    """``last``: what was used last; ``on``: whether it is in force. ``named``: texts by their names."""

    last: str = ""
    on: bool = False
    named: Mapping[str, str] = {}

    def used(self, text: str) -> "SavedFilters":
        """Return them with this filter in force; none for an empty text."""
        if not text or len(text) > MAX_TEXT:
            return msgspec.structs.replace(self, on=False)
        return msgspec.structs.replace(self, last=text, on=True)

    def saved(self, name: str, text: str) -> "SavedFilters":
        """Return them with this filter under a name."""
        return msgspec.structs.replace(self, named={**self.named, name: text})

    def forgotten(self, name: str) -> "SavedFilters":
        """Return them without the one of this name."""
        return msgspec.structs.replace(self, named={each: text for each, text in self.named.items() if each != name})

    def valid(self) -> "SavedFilters":
        """Return what of them can be used: they may come from a file that was changed by hand."""
        named = {name: text for name, text in self.named.items() if NAME.fullmatch(name) and _usable(text)}
        usable = _usable(self.last)
        return SavedFilters(self.last if usable else "", usable and self.on, dict(list(named.items())[:MAX_NAMED]))


class FilterCommand(NamedTuple):
    """What is to be done with the filter ``before``; an empty one is that in force."""

    word: Literal["save", "forget"]
    name: str
    before: str


def command(text: str) -> FilterCommand | None:
    """Return the command that a line ends with; None where it is a filter alone."""
    found = _COMMAND.fullmatch(text)
    if found is None:
        return None
    return FilterCommand("save" if found["word"] == "save" else "forget", found["name"] or "", found["before"].strip())


def without_started(text: str) -> str:
    """Return the text without a last word that may become a command."""
    found = _STARTED.fullmatch(text)
    starts = found is not None and any(word.startswith(found["word"]) for word in WORDS)
    return found["before"] if found is not None and starts else text


def _usable(text: str) -> bool:
    return 0 < len(text) <= MAX_TEXT and text.isprintable()
