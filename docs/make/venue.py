"""The tables of a venue's settings and faults, from what they say of themselves."""

from collections.abc import Iterable

from venue.sandbox.base.described import Described, described
from venue.sandbox.base.faults import Faults, OneTimeFaults
from venue.sandbox.config import VenueConfig


def venue_setting_table() -> str:
    """Every name that ``--set`` knows."""
    return _table("setting", described(VenueConfig))


def fault_table() -> str:
    """Every fault by its name: those that last, then those that happen once."""
    return _table("fault", (*described(Faults), *described(OneTimeFaults)))


def _table(kind: str, fields: Iterable[Described]) -> str:
    rows = (
        f"| `{field.name}` | {field.unit} | {_cell(field.values)} | {_cell(field.default)} | {_cell(field.meaning)} |\n"
        for field in fields
    )
    return f"| {kind} | unit | range | default | meaning |\n|---|---|---|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;").replace(">", "&gt;")
