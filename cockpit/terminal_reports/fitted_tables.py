"""A table in so many cells: nothing of it is cut, whatever the width. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from cockpit.model.recorded.report import ReportLine, ReportPart, ReportTone
from cockpit.terminal_reports.cell_text import clean, padded, width_of, wrapped

LEAST_LABEL = 14
"""Cells that the first column keeps; longer labels are broken into lines."""
NONE = "none"

Rows = Sequence[Sequence[str]]


def natural_width(rows: Rows) -> int:
    """Return the cells in which no label is broken."""
    needs = _needs(rows)
    return sum(needs) + 2 * (len(needs) - 1)


def fitted_table(rows: Rows, width: int) -> list[ReportLine]:
    """Align rows, whose first names the columns, the first column to the left and the others to the right.

    Where the width is not enough columns come closer, then labels are broken, then the columns go one part under the
    other, each with the labels, and at last each cell has lines of its own.
    """
    if len(rows) < 2:
        return [(ReportPart(NONE, "muted"),)]
    rows = [[clean(cell) for cell in row] for row in rows]
    label, *others = _needs(rows)
    for gap, least in ((2, label), (1, label), (1, min(label, LEAST_LABEL))):
        room = width - sum(others) - gap * len(others)
        if room >= max(1, least):
            return list(_aligned(rows, [min(label, room), *others], gap))
    if len(others) > 1 and max(others) + 1 + min(label, LEAST_LABEL) <= width:
        return [line for part in _parts(rows, width - min(label, LEAST_LABEL)) for line in fitted_table(part, width)]
    return list(_stacked(rows, width))


def _needs(rows: Rows) -> list[int]:
    return [max(width_of(clean(cell)) for cell in column) for column in zip(*rows, strict=True)]


def _aligned(rows: Rows, widths: Sequence[int], gap: int) -> Iterator[ReportLine]:
    for place, (first, *rest) in enumerate(rows):
        if place == 0 and not any((first, *rest)):
            continue
        tone: ReportTone = "muted" if place == 0 else "text"
        cells = [padded(cell, width + gap, right=True) for cell, width in zip(rest, widths[1:], strict=True)]
        # The figures stand beside the last line of a label.
        *before, last = wrapped(first, widths[0], 1) or [""]
        yield from ((ReportPart(line, tone),) for line in before)
        yield (ReportPart(f"{padded(last, widths[0])}{''.join(cells)}", tone),)


def _parts(rows: Rows, room: int) -> Iterator[Rows]:
    """Yield tables of as many columns as have room beside the labels."""
    start, used = 1, 0
    for place, need in enumerate(_needs(rows)[1:], 1):
        if place > start and used + 1 + need > room:
            yield [[row[0], *row[start:place]] for row in rows]
            start, used = place, 0
        used += 1 + need
    yield [[row[0], *row[start:]] for row in rows]


def _stacked(rows: Rows, width: int) -> Iterator[ReportLine]:
    names, *others = rows
    for first, *rest in others:
        yield from ((ReportPart(line, "text"),) for line in wrapped(first, width, 1))
        for name, cell in zip(names[1:], rest, strict=True):
            yield from ((ReportPart(line, "text"),) for line in wrapped(f" {name} {cell}", width, 2))


def side_by_side(left: Iterable[ReportLine], right: Iterable[ReportLine], width: int, gap: int) -> list[ReportLine]:
    """Put two columns of lines beside each other, the left one in so many cells."""
    lines = []
    for one, other in zip_longest(left, right, fillvalue=()):
        used = sum(width_of(part.text) for part in one)
        lines.append((*one, ReportPart(" " * (width - used + gap)), *other) if other else one)
    return lines
