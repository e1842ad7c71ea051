"""The same picture in fewer bytes: a colour is written only where it changes. Pure.

Textual gives every piece of text all its colours and takes them back behind it: four bytes of five on a screen full of
rows.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_MOVES = re.compile(r"(?:\x1b\[[0-9;]*H|[\r\n])+")
_UNSEEN_ON_BLANKS = frozenset({"1", "2", "3"})
"""Bold, dim and italic."""


class Pen(NamedTuple):
    """How text is written: the SGR parameters of its colour, of its background, and of its weight and the like."""

    ink: str = ""
    ground: str = ""
    manner: frozenset[str] = frozenset()


PLAIN = Pen()


def thin(text: str) -> str:
    """Return ``text`` with no more SGR sequences than it needs; before and after it the terminal's pen is plain.

    A text with sequences that Textual does not write is left as it is.
    """
    pieces = _SGR.split(text)
    if len(pieces) == 1:
        return text
    out = [pieces[0]]
    pen = wanted = PLAIN
    for index in range(1, len(pieces), 2):
        taken = _taken(wanted, pieces[index])
        if taken is None:
            return text
        wanted, written = taken, pieces[index + 1]
        if written:
            held = _enough(pen, wanted, written)
            if held != pen:
                out.append(_change(pen, held))
                pen = held
            out.append(written)
    if pen != wanted:
        out.append(_change(pen, wanted))
    return "".join(out)


def _enough(pen: Pen, wanted: Pen, written: str) -> Pen:
    # The pen nearest to ``pen`` with which this looks as it should.
    if pen == wanted:
        return pen
    if not written.strip(" ") and pen.manner <= _UNSEEN_ON_BLANKS and wanted.manner <= _UNSEEN_ON_BLANKS:
        return pen._replace(ground=wanted.ground)
    if written[0] in "\x1b\r\n" and _MOVES.fullmatch(written):
        return pen
    return wanted


@lru_cache(maxsize=1024)
def _taken(pen: Pen, parameters: str) -> Pen | None:
    """Return the pen after these parameters; None for one that is not known here."""
    left = parameters.split(";")
    while left:
        first = left.pop(0)
        if first in ("", "0"):
            pen = PLAIN
        elif first in ("1", "2", "3", "4", "5", "7", "9"):
            pen = pen._replace(manner=pen.manner | {first})
        elif first in ("38", "48"):
            count = {"2": 4, "5": 2}.get(left[0] if left else "")
            if count is None or len(left) < count:
                return None
            colour, left = ";".join((first, *left[:count])), left[count:]
            pen = pen._replace(ink=colour) if first == "38" else pen._replace(ground=colour)
        elif first == "39" or (len(first) == 2 and first[0] in "39" and first[1] in "01234567"):
            pen = pen._replace(ink="" if first == "39" else first)
        elif first == "49" or (len(first) == 2 and first[0] == "4" and first[1] in "01234567"):
            pen = pen._replace(ground="" if first == "49" else first)
        elif len(first) == 3 and first[:2] == "10" and first[2] in "01234567":
            pen = pen._replace(ground=first)
        else:
            return None
    return pen


@lru_cache(maxsize=4096)
def _change(pen: Pen, wanted: Pen) -> str:
    """Return the shortest sequence from one pen to the other."""
    if wanted == PLAIN:
        return "\x1b[0m"
    parts = [] if pen.manner <= wanted.manner else ["0"]
    if parts:
        pen = PLAIN
    parts += sorted(wanted.manner - pen.manner)
    if wanted.ink != pen.ink:
        parts.append(wanted.ink or "39")
    if wanted.ground != pen.ground:
        parts.append(wanted.ground or "49")
    return f"\x1b[{';'.join(parts)}m"
