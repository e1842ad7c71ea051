"""Health: each part of the desk with its state, age, rate, bad input and last error."""

from collections.abc import Sequence
from typing import ClassVar

from cockpit.model.ages import age_ms
from cockpit.model.alerts.state import ALERTS, AlertsState, UndeliveredRow
from cockpit.model.formatting import age, counted, row_age, sparkline, uptime, utc_moment
from cockpit.model.snapshot import PartHealth as HealthRow
from cockpit.model.snapshot import Snapshot
from panels.kit.keymap import KeyMap
from panels.kit.labels import part_name, state
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow
from panels.kit.rows.row_filter import Fields, Headings, RowFacts
from panels.views.rates import WorkRates, work

SPARK_WIDTH = 8
COLUMNS = (
    Column("", 1),
    Column("part", 10),
    Column("age", 5, "right", ticks=True),
    Column("rate/s", 7, "right", ticks=True),
    Column("", SPARK_WIDTH, from_width=60, ticks=True),
    Column("bad", 5, "right"),
    Column("detail", 8, grow=True, wraps=True),
    Column("last error", 30, from_width=100, grow=True, when_used=True),
)
BAD_WORDS = frozenset(
    (
        "malformed",
        "implausible",
        "invalid",
        "failures",
        "exceptions",
        "dropped",
        "stalls",
        "duplicate",
        "oversize",
        "undelivered",
    )
)
"""A counter with one of these words in its name counts bad input or failed work."""


def bad_input(row: HealthRow) -> int:
    """Count the bad input of a part; a kind of it ("malformed_json") is not counted beside its sum."""
    names = {name for name in row.counters if not BAD_WORDS.isdisjoint(name.lower().split("_"))}
    sums = {name for name in names if not any(name.startswith(f"{other}_") for other in names)}
    return sum(row.counters[name] for name in sums)


def status(row: HealthRow) -> Cell:
    """Return the error while something is wrong, otherwise the part's own detail."""
    if row.state != "ok":
        why = row.last_error or row.detail
        return Cell(f"{row.state}: {why}" if why else row.state, state(row.state).role)
    return Cell(row.detail or row.last_error, "muted")


def per_second(rate: float | None) -> str:
    """Write a rate in at most six characters."""
    if rate is None:
        return "?"
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def health_row(row: HealthRow, rates: WorkRates) -> GridRow:
    bad = bad_input(row)
    rate = rates.rate(row.part)
    return GridRow(
        row.part,
        (
            Cell(state(row.state).text[0], state(row.state).role),
            Cell(part_name(row.part)),
            Cell(row_age(row.age_ms), "muted"),
            Cell(per_second(rate), "text" if rate else "muted"),
            Cell(sparkline(rates.course(row.part), SPARK_WIDTH), "accent"),
            Cell(f"{bad:,}" if bad else "–", "warn" if bad else "muted"),
            said := status(row),
            # Once is enough.
            Cell("" if row.last_error in said.text else row.last_error, "warn"),
        ),
    )


def health_detail(row: HealthRow, rates: WorkRates) -> Detail:
    rate = rates.rate(row.part)
    fields = [
        Field("state", state(row.state)),
        Field("detail", Cell(row.detail or "none")),
        Field("last activity", Cell(f"{age(row.age_ms)} ago" if row.age_ms is not None else "none yet")),
        Field("rate", Cell("unknown" if rate is None else f"{per_second(rate)} {work(row.part)} a second")),
        Field("last error", Cell(row.last_error or "none", "warn" if row.last_error else "text"), bool(row.last_error)),
    ]
    if row.counters:
        fields.append(Field("", Cell("")))
    fields += [Field(name.replace("_", " "), Cell(f"{count:,}")) for name, count in row.counters.items()]
    return Detail(part_name(row.part).capitalize(), tuple(fields))


def undelivered_fields(alerts: AlertsState) -> tuple[Field, ...]:
    """Return a line for each alert that no target took, newest first."""
    if not alerts.rows:
        return ()
    lines = [
        Field(
            utc_moment(row.last_ns),
            Cell(_undelivered(row), "warn"),
            copy=True,
        )
        for row in alerts.rows
    ]
    return (Field("", Cell("")), Field("undelivered", Cell(f"the newest of {alerts.undelivered:,}")), *lines)


def _undelivered(row: UndeliveredRow) -> str:
    times = f" ({row.count:,} times)" if row.count > 1 else ""
    return f"{row.rule}, {row.target}: {row.text}{times}; {row.reason}"


def failing_parts(snapshot: Snapshot) -> int:
    return sum(row.state in ("degraded", "down") for row in snapshot.health)


class HealthPanel(Panel[HealthRow]):
    TITLE = "Health"
    COLUMNS = COLUMNS
    HEADINGS: ClassVar[Headings] = {"rate/s": "rate", "last_error": "detail"}
    FIELDS: ClassVar[Fields] = {
        "part": "text",
        "state": "text",
        "rate": "number",
        "bad": "number",
        "detail": "text",
        "age": "age",
    }

    def __init__(self, ident: str, number: int, keys: KeyMap) -> None:
        super().__init__(ident, number, keys)
        self.rates = WorkRates()

    def paint(self, snapshot: Snapshot) -> None:
        self.rates.take(snapshot)
        super().paint(snapshot)

    def items(self, snapshot: Snapshot) -> Sequence[HealthRow]:
        return snapshot.health

    def row(self, item: HealthRow) -> GridRow:
        return health_row(item, self.rates)

    def facts(self, item: HealthRow) -> RowFacts:
        rate = self.rates.rate(item.part)
        return {
            "part": f"{item.part} {part_name(item.part)}",
            "state": item.state,
            "rate": None if rate is None else round(rate),
            "bad": bad_input(item),
            "detail": f"{item.detail} {item.last_error}",
            "age": None if item.age_ms is None else item.age_ms // 1000,
        }

    def detail_of(self, item: HealthRow, snapshot: Snapshot) -> Detail:
        detail = health_detail(item, self.rates)
        if item.part != ALERTS:
            return detail
        return Detail(detail.title, (*detail.fields, *undelivered_fields(snapshot.alerts)))

    def summary(self, snapshot: Snapshot) -> str:
        others = snapshot.attached - 1
        watching = f" · {counted(others, 'other cockpit')} connected" if others > 0 else ""
        return f"desk up {uptime(age_ms(snapshot.at_ns, snapshot.started_ns) or 0)}{watching}"
