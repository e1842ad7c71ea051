"""What the reader sees as snapshots come, stop coming, and are left aside for a while."""

import asyncio
from collections.abc import Callable
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.geometry import Size

from cockpit.app.app import CockpitApp, Exit
from cockpit.client.desk_client import NO_DESK, DeskClient
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.dialogs.trading.limits import FIELDS
from panels.kit.messages import CONNECTED_WITHOUT_DATA, DISCONNECTED, NO_DATA, NO_ROW
from panels.kit.panel import Panel
from panels.kit.rows.grid import LiveGrid
from panels.kit.view import View
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import screen_text, seen


def grid(driven: Driven, ident: str) -> LiveGrid:
    return driven.app.screen_stack[0].query_one(f"#{ident}-grid", LiveGrid)


async def test_the_first_picture_does_not_wait_for_the_desk(tmp_path: Path) -> None:
    app = CockpitApp(DeskClient(tmp_path / "desk.sock", actor="ops", new_id=lambda: "1"))
    async with app.run_test(size=NARROW) as pilot:
        assert "connecting to the desk…" in screen_text(pilot)
        await seen(pilot, lambda: NO_DESK in screen_text(pilot))


async def test_why_a_desk_cannot_start_is_shown(tmp_path: Path) -> None:
    async def fail() -> None:
        raise RuntimeError("NEAR_INTENTS_ACCOUNT_ID is missing")

    app = CockpitApp(DeskClient(tmp_path / "desk.sock", actor="ops", new_id=lambda: "1"), on_start=fail, paint_hz=30)
    async with app.run_test(size=NARROW) as pilot:
        await seen(pilot, lambda: "The desk did not start." in screen_text(pilot))
        assert "NEAR_INTENTS_ACCOUNT_ID is missing" in screen_text(pilot)


async def test_a_start_that_comes_to_life_shows_the_desk(desk: FakeDesk, link: DeskClient) -> None:
    started = asyncio.Event()

    async def start() -> None:
        await asyncio.to_thread(desk.start)
        started.set()

    desk.stop()
    app = CockpitApp(link, on_start=start, paint_hz=30)
    async with app.run_test(size=NARROW) as pilot:
        await asyncio.wait_for(started.wait(), 15)
        await seen(pilot, lambda: "sandbox-maker.near" in screen_text(pilot))


async def test_a_silent_desk_turns_the_bar_red(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        assert "desk ● <1s" in driven.text
        driven.clock.now += 12
        await driven.shows(f"✗ {NO_DATA} for 12s", "executor ? last seen ARMED", CONNECTED_WITHOUT_DATA)
        assert driven.app.query_one("#status").has_class("-alarm")
        await asyncio.to_thread(desk.say, samples.snapshot(1))
        await driven.shows(NO_DATA)
        await asyncio.to_thread(desk.say, samples.snapshot(2))
        await driven.shows("desk ● <1s", "executor ● ARMED")
        assert not driven.app.query_one("#status").has_class("-alarm")


async def test_a_desk_whose_own_tick_stands_still_is_silent_too(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), tick_ms=9_000))
        await driven.shows(f"{NO_DATA} for 9.0s")


async def test_a_lost_desk_is_shown_and_found_again(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await asyncio.to_thread(desk.stop)
        await driven.shows(DISCONNECTED, NO_DESK)
        desk.current = samples.snapshot(5)
        await asyncio.to_thread(desk.start)
        await driven.hides(DISCONNECTED)
        await driven.shows("executor ● ARMED")


async def test_the_reader_keeps_a_row_while_new_ones_arrive(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.snapshot(1, decisions=60)
    async with cockpit(link) as driven:
        rows = grid(driven, "decisions")
        await seen(driven.pilot, lambda: rows.cursor_key == "decision-60")
        await asyncio.to_thread(desk.say, samples.snapshot(2, decisions=62))
        await seen(driven.pilot, lambda: rows.cursor_key == "decision-62")
        await driven.press("j", "down", "k")
        assert rows.cursor_key == "decision-62"
        await driven.press("j")
        await asyncio.to_thread(desk.say, samples.snapshot(3, decisions=65))
        await driven.shows("↑ 3 new, g follows")
        assert rows.cursor_key == "decision-61"
        assert rows.cursor - rows.scroll_offset.y == 1
        await driven.press("g")
        assert rows.cursor_key == "decision-65"
        await driven.hides("g follows")


async def test_enter_opens_every_check_of_a_decision(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.snapshot(1, decisions=61)
    async with cockpit(link) as driven:
        await driven.press("enter")
        await driven.shows("decision-61", "reference age", "✓ 0.41 s, at most 5 s", "✗ 92.77 EURe")
        await driven.press("escape")
        await driven.hides("decision-61")
        await driven.press("6", "enter")
        await driven.shows("quote hash", "hash0249vK3mQpXw7Zt", "28.0357 EURe")


@pytest.mark.parametrize("keys", [("enter",), ("9", "enter"), ("9", "y", "8", "enter")])
async def test_a_key_that_comes_before_the_rows_are_drawn_acts_on_them(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]
) -> None:
    """The frames, the tabs and the status bar are there before the first rows are, for as long as a machine is busy."""
    monkeypatch.setattr(Panel, "on_resize", lambda panel: None)
    monkeypatch.setattr(Panel, "offer", partialmethod(offered_only, Panel.offer))
    async with cockpit(link) as driven:
        assert not any(panel.grid.rows for panel in driven.app.board.panels)
        await driven.press(*keys)
        await driven.opens()


def offered_only(panel: Panel[Any], offer: Callable[..., None], view: View, snapshot: Snapshot) -> None:
    """Take what is offered as a panel does that has no place on the screen yet."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Panel, "size", Size(0, 0))
        offer(panel, view, snapshot)


async def test_a_key_for_a_row_where_there_is_none_answers(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = replace(samples.snapshot(1), executions=())
    async with cockpit(link) as driven:
        await driven.press("7", "enter")
        await driven.shows(NO_ROW)


async def test_a_frozen_view_stands_still_under_a_live_status_bar(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("space")
        await driven.shows("FROZEN")
        changed = replace(samples.snapshot(2, decisions=63), executor_armed=False)
        await asyncio.to_thread(desk.say, changed)
        await driven.shows("executor ○ DISARMED")
        assert grid(driven, "decisions").rows[0].key == "decision-60"
        await driven.press("space")
        await driven.hides("FROZEN")
        await seen(driven.pilot, lambda: grid(driven, "decisions").rows[0].key == "decision-63")


async def test_one_panel_at_a_time_where_there_is_little_room(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.shows("decided by")
        await driven.press("2")
        await driven.shows("available", "pending in", "value EUR", "✓ 0")
        assert "decided by" not in driven.text
        await driven.press("tab")
        await driven.shows("● LIVE", "relay subscribed")
        await driven.press("tab")
        await driven.shows("degraded: bitstamp: connection")
        await driven.press("shift+tab", "shift+tab", "shift+tab")
        await driven.shows("bitstamp")


async def test_zoom_shows_what_two_columns_have_no_room_for(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        assert "numbers" not in driven.text
        await driven.press("z")
        await driven.shows("numbers")
        await driven.press("z")
        await driven.shows("6 Quotes · ")


async def test_help_lists_the_keys_and_the_palette_runs_them(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("question_mark")
        await driven.shows("Disarm everything")
        await driven.press("escape", "ctrl+p")
        await driven.opens("Search for commands")
        await driven.press(*"Limits")
        await driven.shows("Show or change the limits")
        await driven.press("enter")
        await driven.shows(FIELDS[0].label)


async def test_the_status_bar_stays_live_over_the_palette(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("ctrl+p")
        await driven.opens("Search for commands", "executor ● ARMED")
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), executor_armed=False))
        await driven.shows("executor ○ DISARMED")
        driven.clock.now += 12
        await driven.shows(f"{NO_DATA} for 12s", "Search for commands")


async def test_quitting_leaves_the_desk_or_stops_it(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await driven.press("q")
        await driven.opens("Nothing is armed", "Leave the desk running")
        await driven.press("escape")
        await driven.hides("Leave the desk running")
        await driven.press("q")
        await driven.opens("Leave the desk running")
        await driven.press("enter")
        await driven.hides("Leave the desk running")
        await driven.press("q")
        await driven.opens("Leave the desk running")
        await driven.press("right", "enter")
    assert driven.app.return_value == Exit(stop_desk=False)
    assert desk.asked == []


async def test_brackets_in_what_the_desk_says_are_shown_as_they_are(desk: FakeDesk, link: DeskClient) -> None:
    shot = samples.snapshot()
    market = replace(shot.market, usable=False, detail="[/] only [kraken] ticks")
    health = tuple(replace(part, state="down", last_error="[red]x[/]") for part in shot.health)
    desk.current = replace(shot, market=market, health=health, executor_armed=False, executor_blocked="[b]x[/q]")
    async with cockpit(link) as driven:
        await driven.shows("r retries · [red]x[/]", "[b]x[/q]")
        await driven.press("4")
        await driven.shows("down: [red]x[/]")
        await driven.press("ctrl+e")
        await driven.opens(f"{messages.BLOCKED}: [b]x[/q]")
