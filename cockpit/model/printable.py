"""Text as a terminal may have it: it prints every character and acts on none."""

import unicodedata

MARK = "\ufffd"
"""Stands for each character that a terminal would act on, or that would hide or turn others."""


def printable(text: str, *, lines: bool = False) -> str:
    """Return the text with a mark for each control, escape, bidi and invisible character.

    Spaces of other widths stay; newlines only with ``lines``.
    """
    if text.isprintable():
        return text
    return "".join(letter if _prints(letter) or (lines and letter == "\n") else MARK for letter in text)


def printable_json(text: str) -> str:
    """Return the same JSON, with an escape for each such character inside its strings."""
    return "".join(letter if _prints(letter) or letter == "\n" else _escape(letter) for letter in text)


def _prints(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"


def _escape(letter: str) -> str:
    # JSON escapes what lies beyond 16 bits as two halves.
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
