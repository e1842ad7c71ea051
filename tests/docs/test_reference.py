"""A page that lists things of a kind names all of them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from cockpit.desk.funding.withdrawal import STATES
from cockpit.model.commands import PARTS, Limits
from docs.make.pictures import DOCS
from storage.rows import TABLES
from venue.sandbox.base.fault_values import OneTimeFaults
from venue.sandbox.base.faults import Faults

LISTED: tuple[tuple[str, Sequence[str]], ...] = (
    ("api", PARTS),
    ("glossary", PARTS),
    ("history", ("runs", *(table.name for table in TABLES))),
    ("sandbox", (*Faults.__struct_fields__, *OneTimeFaults.__struct_fields__)),
    ("trading", Limits.__struct_fields__),
    ("withdrawals", STATES),
)


@pytest.mark.parametrize(("page", "names"), LISTED, ids=[page for page, _ in LISTED])
def test_a_page_names_everything_of_its_kind(page: str, names: Sequence[str]) -> None:
    text = Path(DOCS / f"{page}.md").read_text("utf-8")
    assert [name for name in names if f"`{name}`" not in text and f"`{name}," not in text] == []


def test_history_names_every_event_beside_its_table() -> None:
    text = (DOCS / "history.md").read_text("utf-8")
    events = [(table.name, table.event.__struct_config__.tag) for table in TABLES]
    assert [name for name, tag in events if f"| `{name}` | `{tag}` |" not in text] == []
