"""The hard stop by keyboard, cockpits that may only look, and what the status bar says of a desk that is alone."""

import asyncio
from decimal import Decimal

from msgspec.structs import replace

from cockpit.client.desk_client import READ_ONLY, DeskClient, UnknownOutcome
from cockpit.model.snapshot import HardStopState, LiveQuotes, Snapshot
from panels.dialogs import messages
from panels.frame.status_bar import status
from panels.kit.messages import unavailable
from panels.kit.view import View
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

STOP = ("trade-executor", "hard-stop")


def burning(burned: int, left: int, seq: int = 2) -> Snapshot:
    stop = HardStopState(asked=7, burned=burned, settled=7 - burned - left, expired=0, left=left, detail="waiting")
    return replace(samples.disarmed(seq), hard_stop=stop)


async def test_enter_on_opening_burns_nothing(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("ctrl+o")
        await driven.opens("Hard stop", "7 live quotes", "0.00008200 BTC", "12.11 EURe")
        await driven.press("enter")
        await driven.hides("Hard stop: burn")
        await driven.press("ctrl+o")
        await driven.opens("Hard stop")
        await driven.press("right", "enter", "escape")
        await driven.hides("Hard stop: burn")
    assert desk.asked == []


async def test_a_confirmed_stop_is_sent_once_and_its_progress_shown(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("ctrl+o")
        await driven.opens("Hard stop", "Disarm and burn")
        await driven.press("right", "space")
        await seen(driven.pilot, lambda: desk.verbs() == [STOP])
        await driven.shows("Close")
        await asyncio.to_thread(desk.say, burning(2, 4))
        await driven.shows("4 to go: 2 of 7 burned, 1 settled first", "BURNING 4 of 7")
        await asyncio.to_thread(desk.say, burning(6, 0, 3))
        await driven.shows("Done: 6 of 7 burned, 1 settled first")
        await driven.hides("BURNING")
        await driven.press("enter")
        await driven.hides("Done:")
    assert desk.verbs() == [STOP]


async def test_without_a_reply_nothing_is_shown_as_done_and_it_can_be_retried(desk: FakeDesk) -> None:
    desk.answering = lambda *_: None
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "1", timeout_s=0.3)
    async with cockpit(link) as driven:
        await driven.press("ctrl+o")
        await driven.opens("Hard stop")
        await driven.press("right", "space")
        await driven.shows(messages.MAY_HAVE_DONE_IT, "Cancel", messages.RETRY)
        await driven.press("right", "space")
        await seen(driven.pilot, lambda: desk.verbs() == [STOP, STOP])


async def test_a_read_only_cockpit_shows_it_and_sends_nothing(desk: FakeDesk) -> None:
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "1", read_only=True)
    async with cockpit(link) as driven:
        await driven.shows("READ-ONLY")
        for key in ("ctrl+x", "ctrl+e", "ctrl+s", "ctrl+o", "l", "w", "d", "r"):
            await driven.press(key)
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        for letter in "arm ex":
            await driven.press("space" if letter == " " else letter)
        await driven.shows(unavailable(READ_ONLY))
        await driven.press("escape", "escape")
        for outcome in (await link.hard_stop(), await link.send("trade-executor", "arm"), await link.shutdown()):
            assert isinstance(outcome, UnknownOutcome)
            assert not outcome.sent
    assert desk.asked == []


def bar(view: View) -> str:
    return " ".join(cell.text for line in status(view, 120) for cell in line)


def test_why_trading_is_halted_pushes_nothing_out_of_the_bar_of_a_small_terminal() -> None:
    why = "desk: the day's fills lost 6.000000 EURe, at most 5; a person has to lift it"
    lines = status(View(snapshot=replace(samples.snapshot(), trading="HALTED", trading_why=why)), 78)
    assert "desk ● <1s ago" in "".join(cell.text for line in lines[:3] for cell in line)


def test_a_desk_without_an_operator_says_what_it_will_do() -> None:
    shot = samples.snapshot()
    assert "unattended" not in bar(View(snapshot=shot))
    assert "runs unattended" in bar(View(snapshot=replace(shot, when_alone="keep")))
    alone = replace(shot, when_alone="stop", alone_left_ms=41_000)
    assert "NO OPERATOR: hard stop in 41s" in bar(View(snapshot=alone))
    assert "NO OPERATOR: disarms in 40s" in bar(View(snapshot=replace(alone, when_alone="disarm"), quiet_ms=1_000))


def test_a_disarmed_desk_says_what_still_binds_and_how_long() -> None:
    alive = LiveQuotes(quotes=1, btc=Decimal(0), eure=Decimal("3.5"), last_death_ms=30_000)
    told = bar(View(snapshot=replace(samples.disarmed(), alive=alive), quiet_ms=1_000))
    assert "1 live quote still binding for 29s (3.50 EURe)" in told


def test_what_is_unexplained_is_said_whatever_panel_is_shown() -> None:
    shot = samples.snapshot()
    assert "UNEXPLAINED" not in bar(View(snapshot=shot))
    rows = (replace(shot.inventory.rows[0], unexplained=Decimal("-0.00007770")), *shot.inventory.rows[1:])
    changed = replace(shot, inventory=replace(shot.inventory, rows=rows))
    assert "reconciling -0.0000777 BTC" in bar(View(snapshot=changed))
    assert "UNEXPLAINED -0.0000777 BTC" in bar(View(snapshot=samples.unproven(changed)))
    unread = (replace(shot.inventory.rows[0], unexplained=None), *shot.inventory.rows[1:])
    assert "UNEXPLAINED" not in bar(View(snapshot=replace(shot, inventory=replace(shot.inventory, rows=unread))))


async def test_the_findings_of_the_start_are_announced_and_can_be_read(desk: FakeDesk, link: DeskClient) -> None:
    found = ("the previous run run-0 ended cleanly", "2 fills while no desk was running: +0.1 BTC; booked")
    desk.current = replace(samples.disarmed(), findings=found)
    async with cockpit(link) as driven:
        await driven.shows(messages.first_finding(found[0]))
        driven.app.action_findings()
        await driven.shows(messages.FINDINGS_TITLE, "2 fills while no desk was running")
        await asyncio.to_thread(desk.say, replace(samples.disarmed(2), findings=(*found, "3 quotes still bind")))
        await driven.shows("3 quotes still bind")
        await driven.press("escape")
        await driven.hides("3 quotes still bind")


async def test_quitting_shows_what_an_armed_desk_does_alone(desk: FakeDesk, link: DeskClient) -> None:
    for when, words in (
        ("disarm", "the desk disarms"),
        ("stop", "the desk stops"),
        ("keep", "the desk keeps"),
    ):
        desk.current = replace(samples.snapshot(), when_alone=when)
        async with cockpit(link) as driven:
            await driven.press("q")
            await driven.opens("ARMED. Left running, the desk", words)
