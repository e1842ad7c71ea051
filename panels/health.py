"""Health: each part of the desk, what it counted, and its last error."""

from cockpit.format import age, up
from cockpit.snapshot import Health as HealthRow
from cockpit.snapshot import Snapshot
from panels.cells import Cell, Column, Detail, Field, Row
from panels.panel import Panel
from panels.words import state

COLUMNS = (
    Column("", 1),
    Column("part", 23),
    Column("age", 5, "right", ticks=True),
    Column("bad", 5, "right"),
    Column("says", 8, grow=True),
)
BAD_WORDS = frozenset(
    ("malformed", "implausible", "invalid", "failures", "exceptions", "dropped", "stalls", "duplicate", "oversize")
)
"""A counter with one of these words in its name counts input or work that was no good."""


def bad_input(row: HealthRow) -> int:
    """How much of what the part took in was no good; a kind of it ("malformed_json") is not counted beside its sum."""
    names = {name for name in row.counters if not BAD_WORDS.isdisjoint(name.lower().split("_"))}
    sums = {name for name in names if not any(name.startswith(f"{other}_") for other in names)}
    return sum(row.counters[name] for name in sums)


def says(row: HealthRow) -> Cell:
    """The one thing worth reading now: the error while something is wrong, else what the part says of itself."""
    if row.state != "ok":
        why = row.last_error or row.detail
        return Cell(f"{row.state}: {why}" if why else row.state, state(row.state).role)
    return Cell(row.detail or row.last_error, "muted")


def health_row(row: HealthRow) -> Row:
    """A part under COLUMNS."""
    bad = bad_input(row)
    return Row(
        row.part,
        (
            Cell(state(row.state).text[0], state(row.state).role),
            Cell(row.part),
            Cell(age(row.age_ms), "muted"),
            Cell(f"{bad:,}" if bad else "0", "warn" if bad else "muted"),
            says(row),
        ),
    )


def health_detail(row: HealthRow) -> Detail:
    """Everything the part says of itself, and all its counters."""
    fields = [
        Field("state", state(row.state)),
        Field("says", Cell(row.detail or "nothing")),
        Field("last sign of life", Cell(f"{age(row.age_ms)} ago" if row.age_ms is not None else "none yet")),
        Field("last error", Cell(row.last_error or "none", "warn" if row.last_error else "text")),
    ]
    if row.counters:
        fields.append(Field("", Cell("")))
    fields += [Field(name.replace("_", " "), Cell(f"{count:,}")) for name, count in row.counters.items()]
    return Detail(row.part, tuple(fields))


class Health(Panel):
    """The desk's parts."""

    TITLE = "Health"
    COLUMNS = COLUMNS

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """One row a part."""
        return [health_row(row) for row in snapshot.health]

    def summary(self, snapshot: Snapshot) -> str:
        """How long the desk runs, and how many cockpits watch it."""
        others = snapshot.attached - 1
        watching = f" · {others} other cockpit{'s' if others > 1 else ''} attached" if others > 0 else ""
        return f"desk up {up((snapshot.at_ns - snapshot.started_ns) // 1_000_000)}{watching}"

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """One part with its counters."""
        row = next((row for row in snapshot.health if row.part == key), None)
        return None if row is None else health_detail(row)
