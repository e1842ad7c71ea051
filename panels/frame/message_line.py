"""What just happened, in a sentence: it takes the place of the key bar for a few seconds and covers nothing else."""

import textwrap
from typing import Literal, NamedTuple

from cockpit.model.printable import printable
from panels.kit.rows.cells import Cell, Line
from panels.kit.theme import Role

Severity = Literal["information", "warning", "error"]
LOOKS: dict[Severity, tuple[str, Role]] = {
    "information": ("·", "strong"),
    "warning": ("!", "warn"),
    "error": ("✗", "bad"),
}
GRAVITY: tuple[Severity, ...] = ("information", "warning", "error")
MAX_LINES = 3
MAX_KEPT = 20


class Said(NamedTuple):
    """A sentence, and what it is counted by."""

    number: int
    text: str
    severity: Severity


class Sentences:
    """Those whose time is not over: the newest of the gravest is shown."""

    def __init__(self) -> None:
        self._kept: list[Said] = []
        self._count = 0

    def add(self, text: str, severity: Severity) -> int:
        """Keep a sentence, once where it is said again; return its number."""
        self._count += 1
        self._kept = [said for said in self._kept if said.text != text][-MAX_KEPT:]
        self._kept.append(Said(self._count, text, severity))
        return self._count

    def end(self, number: int) -> None:
        """Forget a sentence whose time is over."""
        self._kept = [said for said in self._kept if said.number != number]

    def clear(self) -> None:
        self._kept.clear()

    @property
    def kept(self) -> tuple[Said, ...]:
        return tuple(self._kept)

    @property
    def shown(self) -> Said | None:
        return max(self._kept, key=lambda said: (GRAVITY.index(said.severity), said.number), default=None)


def said_lines(said: Said, width: int) -> list[Line]:
    """Break a sentence into lines of at most ``width`` cells, with a sign for how grave it is."""
    sign, role = LOOKS[said.severity]
    text = " ".join(printable(said.text, lines=True).split())
    lines = textwrap.wrap(text, max(10, width - 3), max_lines=MAX_LINES, placeholder=" …") or [""]
    return [(Cell(f" {sign if number == 0 else ' '} ", role), Cell(line, role)) for number, line in enumerate(lines)]
