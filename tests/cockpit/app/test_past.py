"""Money and time on the screen: the P&L panel, the time from which it counts, and how far the chart goes back."""

import asyncio
from decimal import Decimal

from msgspec.structs import replace
from textual.pilot import Pilot

from cockpit.app.app import CockpitApp, Exit
from cockpit.app.past.past_view import NO_HISTORY
from cockpit.client.desk_client import DeskClient
from panels.dialogs import messages
from panels.dialogs.trading.earned_since import IN_THE_FUTURE, UNREADABLE
from panels.views.market import MarketPanel
from tests.support.cockpit import samples
from tests.support.cockpit.canned_past import CannedPast
from tests.support.cockpit.driven import NARROW, WIDE, Clock, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import screen_text, seen

NS = 10**9
NOW = samples.snapshot().at_ns


class At:
    """A cockpit with that history."""

    def __init__(self, pilot: Pilot[Exit], clock: Clock) -> None:
        self.pilot, self.clock = pilot, clock

    async def shows(self, *texts: str) -> None:
        await seen(self.pilot, lambda: all(text in screen_text(self.pilot) for text in texts))


def app(link: DeskClient, past: CannedPast, clock: Clock) -> CockpitApp:
    return CockpitApp(link, paint_hz=30, clock=clock, past=past)


async def test_its_key_shows_the_panel_and_the_bar_shows_the_day(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.shows("P&L +7.25 today")
        await driven.press("0")
        await driven.shows("▸0 P&L", "trading EURe", "held BTC EURe", "markout 60s bps", "daily loss 0.00 of 5 EURe")
    async with cockpit(link, WIDE) as driven:
        await driven.shows("P&L +7.25 today · +2.42 run")


async def test_the_loss_limit_is_in_the_bar_once_it_is_near(desk: FakeDesk, link: DeskClient) -> None:
    shot = samples.snapshot()
    assert shot.earnings is not None
    desk.current = replace(shot, earnings=replace(shot.earnings, loss=Decimal("4.5")))
    async with cockpit(link) as driven:
        await driven.shows("90 % of the loss limit")


async def test_a_figure_opens_with_its_meaning_and_what_counts_against_the_limit(
    desk: FakeDesk, link: DeskClient
) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("0", "enter")
        await driven.opens("the fills, marked to the mid", "Against the daily loss counts")


async def test_p_and_l_since_a_chosen_time_comes_from_history(desk: FakeDesk, link: DeskClient) -> None:
    past, clock = CannedPast(), Clock()
    past.held.clear()
    async with app(link, past, clock).run_test(size=WIDE, notifications=True) as pilot:
        at = At(pilot, clock)
        await at.shows("Decisions", "SANDBOX")
        await pilot.press("s")
        await at.shows("P&L since", "enter: counts from this time")
        await pilot.press(*"nonsense", "enter")
        await at.shows(UNREADABLE)
        await pilot.press("ctrl+u", *"23:59", "enter")
        await at.shows(IN_THE_FUTURE)
        await pilot.press("ctrl+u", *"2h", "enter")
        await at.shows("▸0 P&L", "reading history…")
        past.held.set()
        await at.shows("since 07:05:54", "-432.10")
        assert past.asked == [("earned", NOW - 7_200 * NS, NOW)]
        past.problem = "the disk is gone"
        clock.now += 60
        await asyncio.to_thread(desk.say, samples.snapshot(2))
        await at.shows("✗ the disk is gone")
        await pilot.press("s")
        await at.shows("enter: counts from this time")
        await pilot.press("enter")
        await seen(pilot, lambda: "since 07:05:54" not in screen_text(pilot))


async def test_escape_keeps_the_time_that_was_chosen(desk: FakeDesk, link: DeskClient) -> None:
    past, clock = CannedPast(), Clock()
    async with app(link, past, clock).run_test(size=WIDE, notifications=True) as pilot:
        at = At(pilot, clock)
        await at.shows("Decisions", "SANDBOX")
        await pilot.press("s")
        await at.shows("enter: counts from this time")
        await pilot.press(*"6h", "enter")
        await at.shows("-432.10")
        await pilot.press("s")
        await at.shows("enter: counts from this time")
        await pilot.press("escape")
        await seen(pilot, lambda: "enter: counts from this time" not in screen_text(pilot))
        await at.shows("-432.10")


async def test_the_chart_goes_from_a_minute_to_a_week(desk: FakeDesk, link: DeskClient) -> None:
    past, clock = CannedPast(), Clock()
    async with app(link, past, clock).run_test(size=WIDE, notifications=True) as pilot:
        at = At(pilot, clock)
        await at.shows("chart 5 min")
        await pilot.press("plus")
        await at.shows("chart 1 min")
        assert past.asked == []
        await pilot.press("equals_sign")
        await at.shows(messages.CHART_ENDS[:20])
        for name in ("5 min", "15 min", "1 h", "6 h", "24 h", "7 d"):
            await pilot.press("minus")
            await at.shows(f"chart {name}")
            await seen(pilot, lambda: "reading history" not in screen_text(pilot))
        assert past.asked[-1] == ("course", NOW - 604_800 * NS, NOW)
        panel = pilot.app.query_one(MarketPanel)
        assert panel.range_beyond_s == 604_800
        past.problem = "no history here"
        asked = len(past.asked)
        clock.now += 120
        await asyncio.to_thread(desk.say, samples.snapshot(2))
        await at.shows("chart 7 d: no history")
        assert len(past.asked) > asked


async def test_without_a_history_the_chart_says_so_and_shows_what_it_has(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, (200, 60)) as driven:
        await driven.press("minus")
        await driven.shows(f"chart 15 min: {NO_HISTORY}"[:40], "▲ bid")
