"""Text by the cells that it takes on a terminal. Pure."""

import re

from rich.cells import cell_len, chop_cells

from cockpit.model.printable import printable


def clean(text: str) -> str:
    """Mark what a terminal would act on before its cells are counted; a line break is a space."""
    return printable(" ".join(text.splitlines()))


def width_of(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Fill up with spaces; ``right``: before the text."""
    pad = " " * max(0, width - width_of(text))
    return pad + text if right else text + pad


def wrapped(text: str, width: int, hanging: int = 0) -> list[str]:
    """Break at spaces, and where a word alone is too long; lines after the first are indented by ``hanging``."""
    width = max(2, width)
    indent = " " * min(hanging, width - 2)
    lines: list[str] = []
    line, full = "", False
    for piece in re.findall(r"\s+|\S+", clean(text)):
        if not full and width_of(line) + width_of(piece) <= width:
            line += piece
        elif piece.isspace():
            full = True
        else:
            if line.strip():
                lines.append(line.rstrip())
            *whole, rest = chop_cells(piece, width - len(indent)) if width_of(piece) > width - len(indent) else [piece]
            lines += [f"{indent}{part}" for part in whole]
            line, full = f"{indent}{rest}", False
    return [*lines, line.rstrip()] if line.strip() else lines
