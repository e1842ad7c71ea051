"""What a panel draws: cells of text in a role, rows of cells under columns, and how they become strips."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cockpit.model.formatting import shorten
from cockpit.model.printable import printable
from panels.kit.theme import Role

GAP = 1
LEAST_IDENTIFIER = 9
"""Cells in which both ends of an identifier tell it from others."""


class Cell(NamedTuple):
    """A piece of text in the role that gives its style."""

    text: str
    role: Role = "text"


Line = tuple[Cell, ...]
"""One line of cells, drawn one after the other."""


class Column(NamedTuple):
    """A column: its title with the unit, its width, and the least width of the panel at which it is shown.

    The last visible column with ``grow`` takes what is left of the width; several whose texts need more share what
    there is, so that one long text does not cut all those beside it; one that is read before the others gets what it
    needs first, up to ``first`` cells. A column that ``ticks`` is drawn again once a second, in all rows together. One
    that is there only ``when_used`` is hidden while it is empty in every row. Hashes are told apart by both ends: they
    are ``cut_middle``. Of a column that ``wraps`` a text that warns and is too long goes on in lines below.
    """

    title: str
    width: int
    align: Literal["left", "right"] = "left"
    from_width: int = 0
    grow: bool = False
    ticks: bool = False
    when_used: bool = False
    first: int = 0
    cut_middle: bool = False
    wraps: bool = False


class GridRow(NamedTuple):
    """A row of a grid; ``key`` identifies it while it is listed. ``line``: above 0, a line below its first one."""

    key: str
    cells: tuple[Cell, ...]
    line: int = 0


class Field(NamedTuple):
    """One field of a row's details. ``copy``: worth copying to the clipboard."""

    label: str
    value: Cell
    copy: bool = False


class Detail(NamedTuple):
    title: str
    fields: tuple[Field, ...]


def layout(
    columns: Sequence[Column], width: int, needs: Sequence[int] = (), hidden: Collection[int] = ()
) -> tuple[tuple[int, int], ...]:
    """Return the visible columns at ``width`` cells, as (index, width) pairs that never exceed it together.

    ``needs``: the width of the widest text of each column, where it is known. No column is left out as long as narrower
    ones would do. What a column lacks is taken from what is free, then from columns wider than their own texts: those
    that grow come first, then those that lack least; identifiers, of which both ends are enough, come last.
    """
    shown = [
        (index, column) for index, column in enumerate(columns) if width >= column.from_width and index not in hidden
    ]
    least = {
        index: min(column.width, max(needs[index], len(column.title))) if needs else column.width
        for index, column in shown
    }
    while len(least) > 1 and sum(least.values()) + GAP * (len(least) - 1) > width:
        least.popitem()
    wide = {index: columns[index].width for index in least}
    free = width - sum(wide.values()) - GAP * (len(wide) - 1)
    for index in reversed(wide):
        taken = max(0, min(-free, wide[index] - least[index]))
        wide[index] -= taken
        free += taken
    if needs:
        free = _shared(columns, needs, wide, free)
    growing = [index for index in wide if columns[index].grow]
    if growing:
        wide[growing[-1]] += free
    return tuple(wide.items())


def _shared(columns: Sequence[Column], needs: Sequence[int], wide: dict[int, int], free: int) -> int:
    """Widen the columns in ``wide`` to their needs as far as there is room; return what is left of it."""
    spare = {index: width - max(needs[index], len(columns[index].title)) for index, width in wide.items()}
    room = max(0, free) + sum(cells for cells in spare.values() if cells > 0)
    growing = {index: width for index, width in wide.items() if columns[index].grow and needs[index] > width}
    before = [min(column.first, need) for column, need in zip(columns, needs, strict=True)]
    firsts = _levelled(growing, before, room)
    left = room - sum(firsts.values()) + sum(growing.values())
    wanted = {**dict(enumerate(needs)), **_levelled(firsts, needs, left)}
    lacking = sorted(
        (columns[index].cut_middle and not columns[index].first, not columns[index].grow, wanted[index] - width, index)
        for index, width in wide.items()
        if wanted[index] > width
    )
    for _, _, lack, index in lacking:
        given = min(lack, max(0, free))
        free -= given
        for other in reversed(wide):
            if given < lack and spare[other] > 0:
                taken = min(spare[other], lack - given)
                spare[other] -= taken
                wide[other] -= taken
                given += taken
        wide[index] += given
    return free


def _levelled(widths: Mapping[int, int], needs: Sequence[int], room: int) -> dict[int, int]:
    """Return the widths after the narrowest that needs more has been widened, a cell at a time, while there is room."""
    levelled = dict(widths)
    for _ in range(room):
        short = [index for index, width in levelled.items() if width < needs[index]]
        if not short:
            break
        levelled[min(short, key=lambda index: levelled[index])] += 1
    return levelled


def natural(columns: Sequence[Column], width: int, needs: Sequence[int], hidden: Collection[int] = ()) -> int:
    """Return how wide the panel would have to be to show every text of the visible columns in full."""
    places = [index for index, _ in layout(columns, width, needs, hidden)]
    return sum(max(needs[index], columns[index].width) + GAP for index in places) - GAP


def fit(text: str, width: int, align: Literal["left", "right"]) -> str:
    """Fit ``text`` into exactly ``width`` cells; what does not fit ends in an ellipsis."""
    if text.isascii():
        length = len(text)
        if length > width:
            return text[: width - 1] + "…" if width > 0 else ""
    else:
        length = cell_len(text)
        if length > width:
            return set_cell_size(text, width - 1) + "…" if width > 0 else ""
    pad = " " * (width - length)
    return pad + text if align == "right" else text + pad


def fit_column(text: str, column: Column, width: int) -> str:
    """Fit a text of a column into exactly ``width`` cells."""
    if column.cut_middle and text.isascii() and width > 0:
        text = _shortened(text, width)
    elif column.cut_middle and cell_len(text) > width > 2:
        # It was shortened before, for more room: the ellipsis in it is the place to cut.
        head, _, tail = text.partition("…")
        kept = min(len(tail), (width - 1) // 2)
        text = f"{head[: width - 1 - kept]}…{tail[len(tail) - kept :]}"
    return fit(text, width, column.align)


def _shortened(text: str, width: int) -> str:
    """Cut the identifier that a text ends with in its middle; the words before it go where it has no room else."""
    words, _, identifier = text.rpartition(" ")
    if len(text) <= width or not words or len(identifier) < LEAST_IDENTIFIER:
        return shorten(text, width)
    left = width - len(words) - 1
    return f"{words} {shorten(identifier, left)}" if left >= LEAST_IDENTIFIER else shorten(identifier, width)


def line_width(line: Iterable[Cell]) -> int:
    """Count the cells of a line."""
    return sum(cell_len(cell.text) for cell in line)


def row_strip(
    cells: Sequence[Cell],
    columns: Sequence[Column],
    places: Sequence[tuple[int, int]],
    width: int,
    styles: Mapping[Role, Style],
    base: Style,
) -> Strip:
    """Draw a row under its columns, exactly ``width`` cells wide."""
    segments = []
    used = 0
    for nth, (index, cells_wide) in enumerate(places):
        if nth:
            segments.append(Segment(" " * GAP, base))
            used += GAP
        cell = cells[index]
        segments += _drawn(fit_column(printable(cell.text), columns[index], cells_wide), styles[cell.role], base)
        used += cells_wide
    return Strip(segments, used).adjust_cell_length(width, base)


def _drawn(text: str, style: Style, base: Style) -> list[Segment]:
    """Draw a text in its style; a line under it is under its letters only, not under what is empty."""
    bare = text.strip(" ")
    if not style.underline or bare == text:
        return [Segment(text, base + style)]
    before, _, after = text.partition(bare) if bare else (text, "", "")
    parts = ((before, base), (bare, base + style), (after, base))
    return [Segment(part, look) for part, look in parts if part]


def line_strip(line: Line, width: int, styles: Mapping[Role, Style], base: Style) -> Strip:
    """Draw a line, filled or cut to exactly ``width`` cells; where text is cut the last cell says so."""
    strip = Strip([Segment(printable(cell.text), base + styles[cell.role]) for cell in line])
    if strip.cell_length > width > 0 and cell_len(strip.text.rstrip()) > width:
        strip = Strip([*strip.crop(0, width - 1), Segment("…", base + styles[line[-1].role])])
    return strip.adjust_cell_length(width, base)


def flow(groups: Sequence[Line], width: int, *, gap: str = "  ") -> list[Line]:
    """Put groups of cells side by side, with a new line where the next does not fit; groups are never broken."""
    lines: list[list[Cell]] = []
    used = 0
    for group in groups:
        wide = line_width(group)
        if lines and used + len(gap) + wide <= width:
            lines[-1] += [Cell(gap), *group]
            used += len(gap) + wide
        else:
            lines.append(list(group))
            used = wide
    return [tuple(line) for line in lines]


def hold_ticks(rows: Sequence[GridRow], shown: Sequence[GridRow], columns: Sequence[Column]) -> list[GridRow]:
    """Return the rows, those in which nothing but ages has changed as they are ``shown`` now.

    Ages then tick in all rows at once, and a screen full of them is composed once a second instead of at every one.
    """
    still = [index for index, column in enumerate(columns) if not column.ticks]
    before = {row.key: row for row in shown}

    def same(row: GridRow, old: GridRow) -> bool:
        # A column may have come or gone since.
        if len(row.cells) != len(old.cells):
            return False
        return all(row.cells[index] == old.cells[index] for index in still)

    pairs = ((row, before.get(row.key)) for row in rows)
    return [old if old is not None and same(row, old) else row for row, old in pairs]
