"""A filter of a live list means the same in history: it picks the rows that the list of then would show."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from cockpit.model.recorded.pages import Cursor, LiveFilter, RecordedList, RecordedRow
from cockpit.model.snapshot import Snapshot
from cockpit.reports.lists import pages
from cockpit.reports.lists.pages import recorded_page
from cockpit.reports.rewind.board import recorded_board
from panels.kit.keymap import KeyMap
from panels.kit.notices import NoticeLog
from panels.kit.panel import Panel
from panels.kit.rows.row_filter import parse
from panels.views.decisions import DecisionsPanel
from panels.views.fills import FillsPanel
from panels.views.log import LogPanel
from panels.views.quotes import QuotesPanel
from panels.views.transfers import FundsPanel
from storage.reader import Reader
from tests.support.desk.builders import NOW
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

LATER_NS = NOW + 200 * NS_PER_S
PANELS: Mapping[RecordedList, Callable[[], Panel[Any]]] = {
    "decisions": lambda: DecisionsPanel("decisions", 5, KeyMap()),
    "quotes": lambda: QuotesPanel("quotes", 6, KeyMap()),
    "fills": lambda: FillsPanel("executions", 7, KeyMap()),
    "funds": lambda: FundsPanel("deposits", 8, KeyMap()),
    "journal": lambda: LogPanel("log", 0, KeyMap(), NoticeLog(lambda: 0.0)),
}


def live(name: RecordedList, text: str) -> LiveFilter:
    panel = PANELS[name]()
    wanted = parse(text, panel.FIELDS, panel.HEADINGS)
    return LiveFilter(text, lambda row: wanted.holds(panel.facts_of_recorded(row)), LATER_NS)


def every(reader: Reader, name: RecordedList, text: str) -> list[RecordedRow]:
    found: list[RecordedRow] = []
    before: Cursor | None = None
    while True:
        here = recorded_page(reader, DEFAULT_TOKENS, name, "", before, live(name, text))
        found += here.rows
        if here.older is None:
            return found
        before = here.older


def shown(panel: Panel[Any], snapshot: Snapshot, text: str) -> Sequence[str]:
    """The requests of the rows that the board of then shows."""
    wanted = parse(text, panel.FIELDS, panel.HEADINGS)
    return [panel.quote_id(item) for item in panel.items(snapshot) if wanted.holds(panel.facts(item))]


TRADED = [
    ("decisions", "side:buy"),
    ("decisions", "decided_by:notional"),
    ("decisions", "-reason=quote eure>1"),
    ("decisions", "bps>0"),
    ("decisions", "EUR/BTC<60000 age>2m"),
    ("decisions", "numbers:3,000|checks"),
    ("decisions", "id:quote-c"),
    ("quotes", "outcome:settled side:sell"),
    ("quotes", "outcome=expired"),
    ("quotes", "takes>0.0009"),
    ("quotes", "left>0"),
    ("quotes", "option>0"),
    ("quotes", "-option>0"),
    ("fills", "btc>0.0006"),
    ("fills", "markout>0"),
    ("fills", "all_markouts_bps<0"),
    ("fills", "transaction:tx-a"),
    ("fills", "balance:updated edge>0"),
    ("fills", "age<3m"),
]


@pytest.mark.parametrize(("name", "text"), TRADED)
def test_it_picks_the_rows_that_the_live_list_shows(reader: Reader, name: RecordedList, text: str) -> None:
    snapshot = recorded_board(reader, DEFAULT_TOKENS, LATER_NS).snapshot
    picked = [row.quote[1] for row in every(reader, name, text) if row.quote is not None]
    assert picked == shown(PANELS[name](), snapshot, text)


@pytest.mark.parametrize(("text", "rows"), [("way:in", 2), ("way:out", 0), ("state:credited", 1), ("amount>1", 0)])
def test_movements_of_money_are_picked(reader: Reader, text: str, rows: int) -> None:
    assert len(every(reader, "funds", text)) == rows


def test_a_search_for_what_is_nowhere_looks_at_so_many_rows_and_goes_on(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_SEARCHED", 3)
    monkeypatch.setattr(pages, "AT_ONCE", 2)
    asked = 0

    def holds(row: object) -> bool:
        nonlocal asked
        asked += 1
        return False

    nothing = LiveFilter("nothing", holds, LATER_NS)
    first = recorded_page(reader, DEFAULT_TOKENS, "decisions", "", None, nothing)
    assert (first.rows, first.searched_ns, asked) == ((), NOW + 25 * NS_PER_S, 3)
    rest = recorded_page(reader, DEFAULT_TOKENS, "decisions", "", first.older, nothing)
    assert (rest.rows, rest.older, rest.searched_ns, asked) == ((), None, None, 5)


def test_words_and_a_filter_must_both_match(reader: Reader) -> None:
    both = recorded_page(reader, DEFAULT_TOKENS, "fills", "tx-a", None, live("fills", "side:buy"))
    neither = recorded_page(reader, DEFAULT_TOKENS, "fills", "tx-b", None, live("fills", "side:buy"))
    assert (len(both.rows), len(neither.rows)) == (1, 0)
