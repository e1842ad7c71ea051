"""Interlocks: the arming ladder with the desk's rung, and the checklist that each rung requires."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from cockpit.model.formatting import time_left
from cockpit.model.recorded.check_text import interlock_text, readable_text
from cockpit.model.snapshot import InterlockRow, Rung, Snapshot
from panels.kit.alarms import alarm_fields
from panels.kit.keymap import KeyMap
from panels.kit.labels import trading_reason
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow, Line
from panels.kit.rows.row_filter import Fields, Headings, RowFacts
from panels.kit.rows.text_lines import LineView
from panels.kit.theme import Role

RUNGS: tuple[Rung, ...] = ("SAFE", "SHADOW", "LIVE")
LONGEST = 62
"""Cells of the longest text that a measure makes of this desk's own words; what is wanted is shown beside those."""
COLUMNS = (
    Column("", 1),
    Column("interlock", 19),
    Column("measured", 12, grow=True, first=LONGEST, wraps=True),
    Column("wanted", 12, from_width=LONGEST + 35, grow=True),
    Column("for", 6, from_width=LONGEST + 42),
    Column("closes", 6, "right", ticks=True, when_used=True),
)
SHORT: dict[str, str] = {
    "reference": "reference fresh",
    "funds": "funds credited",
    "deposits": "deposit addresses",
    "strategy": "strategy armed",
    "shadow": "shadow decisions",
    "key": "key registered",
    "relay": "relay subscribed",
    "listed": "tokens listed",
    "limits": "limits valid",
    "committed_limit": "committed limit",
    "transaction_route": "withdraw by tx",
    "api_key": "API key accepted",
    "api_key_end": "API key's end",
    "clock": "clocks agree",
    "former": "previous run quotes",
    "burning": "no hard stop",
    "refusals": "venue takes quotes",
    "proof": "balances explained",
    "alarms": "no venue alarm",
}
"""Names that fit the column; the details show the whole name."""

MEANS: dict[Rung, str] = {
    "SAFE": "nothing armed",
    "SHADOW": "decides, signs nothing",
    "LIVE": "signs quotes",
}


def ladder_line(snapshot: Snapshot, width: int) -> Line:
    """Draw the three rungs with the desk's rung highlighted, and what may be quoted."""
    cells: list[Cell] = []
    for index, rung in enumerate(RUNGS):
        here = rung == snapshot.rung
        role: Role = "muted" if not here else "text" if rung == "SAFE" else "accent" if rung == "SHADOW" else "good"
        cells.append(Cell("" if index == 0 else " ─ ", "muted"))
        cells.append(Cell(f"● {rung}" if here else f"○ {rung}", role))
    means = f"  {MEANS[snapshot.rung]}"
    if snapshot.trading != "ACTIVE" and snapshot.rung != "SAFE":
        means = f"  {snapshot.trading}{f' {trading_reason(snapshot)}' if snapshot.trading_why else ''}"
        cells.append(Cell(means, "warn"))
    else:
        cells.append(Cell(means, "muted"))
    return tuple(cells)


def closes(row: InterlockRow) -> Cell:
    """Return the countdown until a red interlock disarms."""
    if row.grace_left_ms is None:
        return Cell("", "muted")
    return Cell("now" if row.grace_left_ms <= 0 else time_left(row.grace_left_ms), "bad")


def state_of(row: InterlockRow) -> tuple[str, str, Role]:
    """Return the sign, the word and the colour of what was measured."""
    if not row.passed:
        return "✗", "red", "bad"
    return ("!", "warning", "warn") if row.warning else ("✓", "green", "good")


def measured(row: InterlockRow) -> str:
    return interlock_text(row.ident, row.measured)


def interlock_row(row: InterlockRow) -> GridRow:
    mark, _, role = state_of(row)
    return GridRow(
        row.ident,
        (
            Cell(mark, role),
            Cell(SHORT.get(row.ident, row.name), "text" if row.passed else "strong"),
            Cell(measured(row), "muted" if role == "good" else role),
            Cell(readable_text(row.wanted), "muted"),
            Cell(row.rung, "muted"),
            closes(row),
        ),
    )


def interlock_detail(row: InterlockRow) -> Detail:
    rungs = "SHADOW and LIVE" if row.rung == "SHADOW" else "LIVE"
    mark, word, role = state_of(row)
    fields = [
        Field("state", Cell(f"{mark} {word}", role)),
        Field("required for", Cell(rungs)),
        Field("measured", Cell(measured(row), "text" if role == "good" else role), copy=True),
        Field("wanted", Cell(readable_text(row.wanted))),
    ]
    if role != "good":
        fields.append(Field("what to do", Cell(row.remedy or "Wait; the desk checks again automatically.", "strong")))
        if row.grace_left_ms is not None:
            fields.append(Field("disarms in", closes(row)))
    return Detail(f"Interlock: {row.name}", tuple(fields))


def warnings(snapshot: Snapshot) -> list[InterlockRow]:
    """List the interlocks that pass and need an operator all the same."""
    return [row for row in snapshot.interlocks if row.passed and row.warning]


def red(snapshot: Snapshot) -> list[InterlockRow]:
    """List the interlocks that are red, those about to disarm first."""
    rows = [row for row in snapshot.interlocks if not row.passed]
    return sorted(rows, key=lambda row: row.grace_left_ms is None)


class InterlocksPanel(Panel[InterlockRow]):
    TITLE = "Interlocks"
    COLUMNS = COLUMNS
    HEADINGS: ClassVar[Headings] = {"interlock": "name", "for": "rung"}
    FIELDS: ClassVar[Fields] = {
        "state": "text",
        "name": "text",
        "measured": "text",
        "wanted": "text",
        "rung": "text",
        "closes": "age",
    }

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(ident, number, keys)
        self.ladder = LineView(id="ladder")

    def body(self) -> Iterable[Widget]:
        yield self.ladder
        yield self.grid

    def paint(self, snapshot: Snapshot) -> None:
        super().paint(snapshot)
        self.ladder.show([ladder_line(snapshot, self.ladder.size.width)])

    def items(self, snapshot: Snapshot) -> Sequence[InterlockRow]:
        return snapshot.interlocks

    def row(self, item: InterlockRow) -> GridRow:
        return interlock_row(item)

    def facts(self, item: InterlockRow) -> RowFacts:
        return {
            "state": state_of(item)[1],
            "name": f"{item.ident} {item.name}",
            "measured": item.measured,
            "wanted": item.wanted,
            "rung": item.rung,
            "closes": None if item.grace_left_ms is None else item.grace_left_ms // 1000,
        }

    def detail_of(self, item: InterlockRow, snapshot: Snapshot) -> Detail:
        detail = interlock_detail(item)
        if item.ident != "alarms":
            return detail
        return detail._replace(fields=(*detail.fields, *alarm_fields(snapshot)))

    def empty(self, snapshot: Snapshot) -> Cell:
        return Cell("the desk has not checked its interlocks yet", "warn")

    def summary(self, snapshot: Snapshot) -> str:
        rows = red(snapshot)
        warned = warnings(snapshot)
        if not rows and warned:
            return f"none red, {len(warned)} to look at · {SHORT.get(warned[0].ident, warned[0].name)}"
        if not rows:
            return "all green" if snapshot.interlocks else ""
        first = rows[0]
        remedy = f" · {SHORT.get(first.ident, first.name)}: {first.remedy}" if first.remedy else ""
        return f"{len(rows)} of {len(snapshot.interlocks)} red{remedy}"
