"""From the last row of a live list into history: where it goes on, by which filter, and back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.app.history.reading import HistoryReading
from cockpit.client.desk_client import DeskClient
from cockpit.model.recorded.pages import LiveFilter, until
from cockpit.model.snapshot import Snapshot
from panels.dialogs.history import messages
from panels.dialogs.history.history import HistoryDialog
from panels.kit.keymap import KeyMap
from panels.kit.messages import goes_on
from panels.kit.panel import Panel
from panels.views.decisions import DecisionsPanel
from panels.views.fills import BOOKED_WITHIN_NS, FillsPanel
from tests.support.cockpit import samples
from tests.support.cockpit.driven import WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.recorded import FakeHistory
from tests.support.cockpit.screen_waiting import seen
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS

FOOTER = goes_on(KeyMap().shown("rows.down"), "H")
LISTS = [("5", "decisions"), ("6", "quotes"), ("7", "fills"), ("8", "funds"), ("9", "journal")]


async def opened(driven: Driven) -> HistoryDialog:
    await seen(driven.pilot, lambda: isinstance(driven.app.screen, HistoryDialog))
    screen = driven.app.screen
    assert isinstance(screen, HistoryDialog)
    await driven.shows("History")
    return screen


def panel_of(driven: Driven, kind: type[Panel[Any]]) -> Panel[Any]:
    return driven.app.board.query_one(kind)


def oldest_ns(snapshot: Snapshot, side: Callable[[str], bool] = lambda side: True) -> int:
    return snapshot.at_ns - max(row.age_ms for row in snapshot.decisions if side(row.side)) * NS_PER_MS


async def test_past_the_last_row_the_list_goes_on_at_its_moment(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("5", "G")
        grid = panel_of(driven, DecisionsPanel).grid
        await seen(driven.pilot, lambda: grid.at_last)
        await driven.shows(FOOTER)
        kept, assumed = grid.cursor_key, until(oldest_ns(desk.current))
        await driven.press("down")
        await opened(driven)
        assert history.starts == [(assumed, None)]
        await driven.shows("[decisions]", "until ", messages.FROM_NEWEST)
        await driven.press("N")
        await driven.hides("until ")
        assert history.starts[1:] == [(None, None)]
        await driven.press("escape")
        await driven.hides("[decisions]")
        assert (grid.cursor_key, grid.at_last, grid.has_focus) == (kept, True, True)


async def test_a_click_on_the_line_below_the_last_row_goes_on_from_there(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("5")
        grid = panel_of(driven, DecisionsPanel).grid
        await seen(driven.pilot, lambda: bool(grid.rows))
        assert grid.following
        grid.scroll_end(animate=False)
        await driven.shows(FOOTER)
        assert await driven.pilot.click(grid, offset=(8, 1 + len(grid.rows) - grid.scroll_offset.y))
        await opened(driven)
        assert history.starts == [(until(oldest_ns(desk.current)), None)]


async def test_the_key_on_the_last_row_does_the_same_and_elsewhere_shows_the_newest(
    desk: FakeDesk, link: DeskClient
) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("7", "G")
        panel = panel_of(driven, FillsPanel)
        await seen(driven.pilot, lambda: panel.grid.at_last)
        await driven.press("H")
        await opened(driven)
        oldest = desk.current.at_ns - max(row.age_ms for row in desk.current.executions) * NS_PER_MS
        assert history.starts == [(until(min(oldest + BOOKED_WITHIN_NS, desk.current.at_ns)), None)]
        await driven.press("escape", "g", "H")
        await opened(driven)
        await driven.hides("until ")
        await seen(driven.pilot, lambda: history.starts[1:] == [(None, None)])


async def test_the_filter_of_the_list_is_in_force_there(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("5", "slash", *"side:sell", "enter", "G")
        grid = panel_of(driven, DecisionsPanel).grid
        await seen(driven.pilot, lambda: grid.at_last)
        await driven.press("pagedown")
        await opened(driven)
        await driven.shows("/side:sell", messages.WITHOUT_FILTER)
        before, live = history.starts[0]
        assert before == until(oldest_ns(desk.current, lambda side: side == "sell"))
        assert isinstance(live, LiveFilter)
        sides = {row.side: live.holds(row) for row in desk.current.decisions}
        assert (sides, live.at_ns) == ({"buy": False, "sell": True}, desk.current.at_ns)
        # It is of this list alone.
        await driven.press("1")
        await driven.shows("[fills]")
        assert history.starts[-1:] == [(None, None)]
        await driven.press("3", "f")
        await driven.shows("[decisions]", messages.WITH_FILTER)
        assert history.starts[-1:] == [(before, None)]
        await driven.press("f")
        await driven.shows(messages.WITHOUT_FILTER)
        assert history.starts[-1:] == [(before, live)]
        await driven.press("escape")
        await driven.shows("/side:sell")


async def test_a_filter_that_no_live_row_matches_looks_in_history(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("5", "slash", *"id:nowhere", "enter")
        await driven.shows("no row matches id:nowhere", "H older ones")
        await driven.press("H")
        await opened(driven)
        (before, live), *_ = history.starts
        assert before is None
        assert live is not None
        assert live.text == "id:nowhere"


@pytest.mark.parametrize(("key", "name"), LISTS)
async def test_each_list_opens_its_own(desk: FakeDesk, link: DeskClient, key: str, name: str) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press(key, "G")
        await seen(driven.pilot, lambda: any(panel.grid.at_last for panel in driven.app.board.panels))
        await driven.press("down")
        await opened(driven)
        await driven.shows(f"[{name}]", "until ")
        assert [asked[0] for asked in history.asked] == [name]


async def test_without_a_history_no_row_says_that_it_goes_on(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, WIDE) as driven:
        await driven.press("5", "G", "down", "down")
        grid = panel_of(driven, DecisionsPanel).grid
        await seen(driven.pilot, lambda: grid.at_last)
        assert FOOTER not in driven.text
        assert not isinstance(driven.app.screen, HistoryDialog)


async def test_a_recorded_history_is_read_by_the_filter_of_the_list(
    desk: FakeDesk, link: DeskClient, tmp_path: Path
) -> None:
    now = samples.disarmed()
    desk.current = replace(now, at_ns=NOW + 200 * 10**9)
    path = await small.write(tmp_path / "history.sqlite")
    async with cockpit(link, WIDE, history=HistoryReading(lambda: (path, DEFAULT_TOKENS))) as driven:
        await driven.press("7", "slash", *"btc>0.0006", "enter", "H")
        await opened(driven)
        await driven.shows("1 row", "49,900.00", "/btc>0.0006")
        await driven.press("f")
        await driven.shows("2 rows", "50,200.00")
