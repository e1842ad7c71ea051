"""The tour as an operator takes it: it goes on by what happens, is skipped, left, started again, and covers nothing."""

import asyncio
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.app.availability import NO_TOUR, SANDBOX_ONLY, unavailable_reason
from cockpit.app.tour import TourSeen
from cockpit.client.desk_client import READ_ONLY, DeskClient
from cockpit.desk.interlocks.checklist import NAMES
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.frame.tour_strip import TourStrip
from panels.kit.messages import unavailable
from panels.kit.tour_steps import WATCH_MS, WATCHED
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

SIZES = [NARROW, WIDE, (200, 60)]


def safe(seq: int) -> Snapshot:
    """A desk with nothing armed, long enough after the first one for the first step to be over."""
    shot = samples.disarmed(seq)
    counts = replace(shot.counts, decisions=shot.counts.decisions + WATCHED * (seq > 1))
    return replace(shot, at_ns=shot.at_ns + WATCH_MS * 1_000_000 * (seq > 1), counts=counts)


async def say(desk: FakeDesk, shot: Snapshot) -> None:
    await asyncio.to_thread(desk.say, shot)


def shadow(seq: int) -> Snapshot:
    """The strategy armed."""
    return replace(safe(seq), strategy_armed=True, rung="SHADOW", executor_blocked="", interlocks=samples.interlocks())


def live(seq: int) -> Snapshot:
    """The executor armed, and a live quote."""
    return replace(samples.snapshot(seq), at_ns=safe(seq).at_ns)


def withdrawing(shot: Snapshot, state: str) -> Snapshot:
    """With a withdrawal that was just ordered."""
    row = replace(samples.withdrawal(), withdrawal_id="w-new", state=state, age_ms=10)
    return replace(shot, withdrawals=(row, *shot.withdrawals))


def stopped(shot: Snapshot) -> Snapshot:
    """With the disarming in the journal."""
    row = JournalRow(
        command_id="c-9", age_ms=10, actor="ops", command="disarm trade-executor", accepted=True, reason=""
    )
    return replace(shot, journal=(row, *shot.journal))


@pytest.mark.parametrize("size", SIZES)
async def test_seven_steps_go_on_by_what_happens(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    desk.current = safe(1)
    async with cockpit(link, size) as driven:
        assert "TOUR" not in driven.text
        await driven.press("T")
        await driven.shows("TOUR 1/7", "Watch", f"(0 of {WATCHED} seen)")
        await say(desk, safe(2))
        await driven.shows("TOUR 2/7", "Read a decision")

        await driven.press("5", "enter")
        await driven.opens("marks the failed check")
        await driven.press("escape")
        await driven.shows("TOUR 3/7", "^s asks to arm the strategy")

        await driven.press("ctrl+s")
        await driven.opens("Enter never arms", "Arm the strategy?")
        await driven.press("tab", "space")
        await driven.hides("Arm the strategy?")
        assert ("strategy-engine", "arm") in desk.verbs()
        assert "TOUR 3/7" in driven.text
        await say(desk, shadow(3))
        await driven.shows("TOUR 4/7", "^e asks to arm the executor")

        await say(desk, replace(live(4), alive=replace(live(4).alive, quotes=0)))
        await driven.shows("TOUR 4/7", "gets the first quote")
        await say(desk, live(5))
        await driven.shows("TOUR 5/7", "Prompt takers execute a quote at once")
        await say(desk, replace(live(6), at_ns=live(5).at_ns + WATCH_MS * 1_000_000))
        await driven.shows("TOUR 5/7", "Holders and sweepers execute what pays at its deadline")
        await say(desk, replace(live(7), at_ns=live(5).at_ns + 2 * WATCH_MS * 1_000_000))
        await driven.shows("TOUR 6/7", "w opens the form")

        await driven.press("w")
        await driven.opens("tab to the amount: 0.01")
        await say(desk, withdrawing(live(8), "prepared"))
        await driven.shows("TOUR 6/7", "Ordered, now prepared")
        await say(desk, withdrawing(live(9), "sent"))
        await driven.shows("TOUR 7/7", "esc closes this")
        await driven.press("escape")
        await driven.shows("^x disarms everything")

        await driven.press("ctrl+x")
        await say(desk, stopped(withdrawing(safe(10), "sent")))
        await driven.shows("Done:", "docs/runbook.md")
        await driven.press("n")
        await driven.hides("TOUR")


async def test_the_withdrawal_is_led_through_review_unfreezing_and_confirmation(
    desk: FakeDesk, link: DeskClient
) -> None:
    desk.current = replace(samples.disarmed(), withdrawals_frozen=True)
    desk.reviewing = lambda _body: samples.review()
    async with cockpit(link, NARROW) as driven:
        await driven.press("T", "n", "n", "n", "n", "n")
        await driven.shows("TOUR 6/7")
        await driven.press("w", "tab", *"0.01", "enter", "enter", "enter")
        await driven.opens("Review the withdrawal", "Withdrawals are frozen at every start")
        await driven.press("shift+tab")
        await driven.press("enter")
        await driven.opens("Unfreeze withdrawals?", "This allows one withdrawal")
        await driven.press("escape")
        await say(desk, samples.open_for_withdrawals(2))
        await driven.opens("A new address has a cooling-off time")
        await seen(driven.pilot, lambda: not driven.app.screen.query_one("#confirm").disabled)
        await driven.press("tab", "tab", "enter")
        await driven.opens("Confirm the withdrawal", "the last six characters of the address")
        buttons = driven.app.screen.query_one("#buttons").region
        assert buttons.bottom < driven.app.size.height, "the buttons are in sight below the strip"


async def test_steps_are_skipped_and_the_tour_is_left_and_started_again(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = safe(1)
    async with cockpit(link) as driven:
        await driven.press("T", "n", "n")
        await driven.shows("TOUR 3/7")
        await driven.press("T")
        await driven.hides("TOUR")
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        await driven.press(*"Tour")
        await driven.shows("Start or leave the seven-step tour")
        await driven.press("enter")
        await driven.shows("TOUR 1/7")
        for number in range(2, 8):
            await driven.press("n")
            await driven.shows(f"TOUR {number}/7")
        await driven.press("n")
        await driven.shows("Done:")
        await driven.press("n")
        await driven.hides("TOUR")
        await driven.press("n")
        await driven.shows(NO_TOUR)


async def test_a_step_that_has_happened_already_is_passed_over(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = live(1)
    async with cockpit(link) as driven:
        await driven.press("T", "n", "n")
        await driven.shows("TOUR 5/7")


async def test_why_a_step_is_unavailable_is_shown(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = replace(shadow(1), interlocks=samples.interlocks("relay"))
    async with cockpit(link) as driven:
        await driven.press("T", "n", "n")
        await driven.shows("TOUR 4/7", f"Not yet: {NAMES['relay']}: {samples.RELAY_LOST}")


async def test_in_a_desk_that_trades_for_real_there_is_no_tour(
    desk: FakeDesk, link: DeskClient, tmp_path: Path
) -> None:
    desk.current = replace(safe(1), mode="LIVE")
    note = TourSeen(tmp_path / "tour")
    async with cockpit(link, world="LIVE", tour_seen=note) as driven:
        assert "New here?" not in driven.text
        await driven.press("T")
        await driven.shows(SANDBOX_ONLY)
        assert "TOUR" not in driven.text
        assert unavailable_reason("tour", driven.app.view) == SANDBOX_ONLY
        commands = {command.title: command.help for command in driven.app.get_system_commands(driven.app.screen)}
        assert commands["Tour"] == f"✗ {unavailable(SANDBOX_ONLY)}"
    assert not note.exists


async def test_a_cockpit_that_may_only_look_takes_no_tour(desk: FakeDesk, tmp_path: Path) -> None:
    desk.current = safe(1)
    looking = DeskClient(desk.path, actor="ops", new_id=lambda: "1", read_only=True)
    async with cockpit(looking, tour_seen=TourSeen(tmp_path / "tour")) as driven:
        assert "New here?" not in driven.text
        await driven.press("T")
        await driven.shows(READ_ONLY)
        assert "TOUR" not in driven.text


@pytest.mark.parametrize(("key", "answer"), [("T", "taken"), ("n", "declined")])
async def test_it_is_offered_once_and_the_answer_is_remembered(
    desk: FakeDesk, link: DeskClient, tmp_path: Path, key: str, answer: str
) -> None:
    desk.current = safe(1)
    path = tmp_path / "sandbox" / "tour"
    async with cockpit(link, NARROW, tour_seen=TourSeen(path)) as driven:
        await driven.shows("New here? T starts a seven-step tour", "n declines.")
        assert not path.exists()
        await driven.press(key)
        await driven.hides("New here?")
        assert ("TOUR 1/7" in driven.text) == (key == "T")
    assert path.read_text() == f"{answer}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = DeskClient(desk.path, actor="ops", new_id=lambda: "1")
    async with cockpit(again, tour_seen=TourSeen(path)) as driven:
        await driven.shows("strategy ○ DISARMED")
        assert "New here?" not in driven.text


async def test_an_offer_goes_when_somebody_arms(desk: FakeDesk, link: DeskClient, tmp_path: Path) -> None:
    desk.current = safe(1)
    async with cockpit(link, tour_seen=TourSeen(tmp_path / "tour")) as driven:
        await driven.shows("New here?")
        await say(desk, shadow(2))
        await driven.hides("New here?")
    assert not (tmp_path / "tour").exists()


def keeps_what_counts(driven: Driven, width: int) -> None:
    """The status bar above, the proof and the keys below: each where it is without a tour, and disarming named."""
    lines = driven.text.splitlines()
    assert "SANDBOX" in lines[0]
    assert lines[-3].startswith(" BTC ")
    assert lines[-2].startswith(" EURe ")
    assert "^x DISARM" in lines[-1]
    strip = driven.app.screen_stack[0].query_one(TourStrip)
    assert strip.region.y == driven.app.screen_stack[0].query_one("#status").region.bottom
    assert (strip.region.height, strip.region.width) == (2, width)


@pytest.mark.parametrize("size", SIZES)
async def test_the_strip_covers_nothing_and_never_has_the_keyboard(
    desk: FakeDesk, link: DeskClient, size: tuple[int, int]
) -> None:
    desk.current = safe(1)
    async with cockpit(link, size) as driven:
        await seen(driven.pilot, lambda: driven.app.focused is not None)
        focused = driven.app.focused
        await driven.press("T")
        await driven.shows("TOUR 1/7")
        keeps_what_counts(driven, size[0])
        assert driven.app.focused is focused
        assert not driven.app.query_one(TourStrip).focusable
        await driven.press("tab", "shift+tab", "down")
        assert driven.app.focused is focused
        await driven.press("ctrl+s")
        await driven.opens("Arm the strategy?", "TOUR 1/7", "esc closes this")
        box, strip = driven.app.screen.query_one("#box").region, driven.app.screen.query_one(TourStrip).region
        assert strip.y == driven.app.screen.query_one("#status").region.bottom
        assert not strip.overlaps(box)
        assert box.bottom <= driven.app.size.height
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: ("trade-executor", "disarm") in desk.verbs())


async def test_a_terminal_that_is_too_small_shows_how_to_disarm_and_no_tour(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = safe(1)
    async with cockpit(link, NARROW) as driven:
        await driven.press("T")
        await driven.shows("TOUR 1/7")
        await driven.pilot.resize_terminal(60, 16)
        await driven.shows("too small", "^x DISARM")
        await driven.hides("TOUR")
