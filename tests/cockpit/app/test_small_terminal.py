"""A terminal below 80×24: what is armed, what binds and what is unexplained stay in sight, and nothing is decided."""

from decimal import Decimal
from functools import partial

import pytest
from msgspec.structs import replace
from textual.geometry import Size
from textual.pilot import Pilot

from cockpit.app.app import CockpitApp, Exit
from cockpit.app.availability import unavailable_reason
from cockpit.client.desk_client import DeskClient
from panels.dialogs.trading.arm import arming_blocked_by
from panels.frame.board import too_small
from panels.frame.small_board import small_lines
from panels.kit.rows.cells import line_width
from panels.kit.view import View
from panels.views.reconciliation import reconciliation_lines
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Clock, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import screen_text, seen

SMALL = [(79, 24), (80, 23), (60, 20), (40, 10), (120, 20)]
TOO_SMALL = "cannot be seen; enlarge the terminal to 80×24"


async def shrink(driven: Driven, size: tuple[int, int]) -> None:
    await driven.pilot.resize_terminal(*size)
    await driven.shows("too small for panels")


def texts(view: View, width: int, height: int) -> list[str]:
    lines = small_lines(view, Size(width, height + 6), width - 2, height)
    return ["".join(cell.text for cell in line) for line in lines]


async def test_status_quotes_and_reconciliation_are_shown(desk: FakeDesk, link: DeskClient) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock())
    async with app.run_test(size=SMALL[0]) as pilot:
        for width, height in SMALL:
            await pilot.resize_terminal(width, height)
            wanted = (
                "SANDBOX",
                "strategy + executor ARMED",
                f"{width}×{height} of 80×24",
                "7 live quotes (58s left)",
                "\n  56s ▼ 0.00004122 BTC for 26.0357 EURe",
                "✓",
                "0.50012340",
                "49,737.8541",
                "^x DISARM",
            )
            await seen(pilot, partial(shown_whole, pilot, wanted, height))
            assert "Decisions" not in screen_text(pilot)


def shown_whole(pilot: Pilot[Exit], wanted: tuple[str, ...], height: int) -> bool:
    """Whether the texts are on the screen, and the key bar is in its last line."""
    text = screen_text(pilot)
    lines = text.splitlines()
    return all(one in text for one in wanted) and len(lines) == height and "^x DISARM" in lines[-1]


async def test_a_key_that_arms_answers_why_it_does_not(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        for size in ((120, 20), (40, 10)):
            await shrink(driven, size)
            for key in ("ctrl+e", "w"):
                driven.app.clear_notifications()
                await driven.press(key)
                await driven.shows(TOO_SMALL)
                assert len(driven.app.screen_stack) == 1
        assert desk.asked == []
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: {verb for _, verb in desk.verbs()} == {"disarm"})


async def test_a_dialog_that_became_too_small_arms_nothing(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await driven.press("ctrl+e")
        await driven.opens("Arm the executor?")
        await driven.press("tab")
        await seen(driven.pilot, lambda: driven.app.focused is not None and driven.app.focused.id == "do")
        await driven.pilot.resize_terminal(60, 20)
        await driven.press("space")
        await seen(driven.pilot, lambda: driven.app.screen.query_one("#do").disabled)
        await driven.shows(TOO_SMALL)
        assert desk.asked == []
        await driven.pilot.resize_terminal(*WIDE)
        await seen(driven.pilot, lambda: not driven.app.screen.query_one("#do").disabled)


async def test_what_halts_trading_works_at_every_size(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await shrink(driven, (60, 20))
        await driven.press("ctrl+t")
        await driven.opens("Trading is ACTIVE")
        await seen(driven.pilot, lambda: driven.app.screen.query_one("#ACTIVE").disabled)
        assert driven.app.screen.query_one("#REDUCING").disabled
        assert not driven.app.screen.query_one("#HALTED").disabled


async def test_it_grows_back_with_the_keyboard_in_its_panel(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("6")
        await driven.shows("▸6 Quotes")
        await shrink(driven, (40, 10))
        await driven.hides("▸6 Quotes")
        await driven.pilot.resize_terminal(*NARROW)
        await driven.shows("▸6 Quotes", "6 Quotes · ")
        await seen(driven.pilot, lambda: driven.app.focused is not None and driven.app.focused.id == "quotes-grid")
        await driven.press("enter")
        await driven.opens("quote hash")


async def test_its_quotes_say_when_they_are_old(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await shrink(driven, (60, 20))
        await driven.shows("56s ▼")
        driven.clock.now += 12
        await driven.shows("ARMED when last seen", "? 0.00004122 BTC for 26.0357 EURe")
        await driven.hides("56s ▼")


def test_every_size_has_as_many_lines_as_fit_and_the_most_important_first() -> None:
    view = View(snapshot=samples.snapshot())
    for height in range(1, 30):
        shown = texts(view, 60, height)
        assert len(shown) <= height
        assert "ARMED" in shown[0]
        assert height < 2 or any("7 live quotes" in line for line in shown), height
        assert all(line_width(line) <= 58 for line in small_lines(view, Size(60, 20), 58, height))


def test_without_data_it_says_so() -> None:
    assert texts(View(snapshot=None), 40, 5)[0] == "no data from the desk yet"
    assert "nothing armed" in texts(View(snapshot=samples.fresh()), 40, 5)[0]


def test_the_difference_is_never_cut_before_the_balance() -> None:
    rows = samples.snapshot().inventory.rows
    wrong = [replace(row, unexplained=Decimal("-0.00001")) for row in rows]
    for line in reconciliation_lines(wrong, 30):
        assert "✗ -0.00001" in "".join(cell.text for cell in line).replace("−", "-")[:20]


@pytest.mark.parametrize("size", [*SMALL, (1, 1)])
def test_nothing_that_lets_money_move_is_available(size: tuple[int, int]) -> None:
    view = View(snapshot=samples.disarmed(), too_small=too_small(Size(*size)))
    assert arming_blocked_by(view, "strategy-engine") or view.snapshot is None
    for action in ("arm.strategy", "arm.executor", "withdraw"):
        assert unavailable_reason(action, view), action
    for action in ("disarm", "disarm.strategy", "disarm.executor", "stop.hard", "freeze.withdrawals"):
        assert TOO_SMALL not in unavailable_reason(action, view)


def test_there_is_room_from_80_by_24() -> None:
    assert too_small(Size(*NARROW)) == ""
