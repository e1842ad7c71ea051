"""What a cockpit says about its operator, and the question whether anybody is there."""

import asyncio

from msgspec.structs import replace

from cockpit.app.operator_presence import ASK_AGAIN_S
from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.frame.status_bar import status
from panels.kit.view import View
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen


def asking(seq: int = 2, left_ms: int | None = 48_000) -> Snapshot:
    return replace(samples.snapshot(seq), operators=1, sign_age_ms=1_812_000, idle_left_ms=left_ms)


async def asked(driven: Driven, desk: FakeDesk, seq: int = 2) -> None:
    await asyncio.to_thread(desk.say, asking(seq))
    await driven.opens(messages.STILL_THERE, messages.ANY_KEY_ANSWERS)


async def test_any_key_answers_and_does_nothing_else(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await asked(driven, desk)
        await driven.shows("No key was pressed for 30m12s. The desk disarms in 48s.", "NO KEY: disarms in 48s")
        driven.clock.now += 2
        await driven.shows("The desk disarms in 46s.")
        await driven.press("q")
        await driven.hides(messages.STILL_THERE)
        assert "Quit?" not in driven.text
        await seen(driven.pilot, lambda: any(one.key_age_ms == 0 for one in desk.reports))
        driven.clock.now += 2
        await asyncio.to_thread(desk.say, asking(3))
        await driven.shows("NO KEY")
        assert messages.STILL_THERE not in driven.text, "the desk has not heard of the key yet"
        assert [text for text in notes(driven) if text == messages.STILL_THERE] == [messages.STILL_THERE]
        driven.clock.now += ASK_AGAIN_S
        await asked(driven, desk, 4)
        await asyncio.to_thread(desk.say, asking(5, None))
        await driven.hides(messages.STILL_THERE)
        assert [text for text in notes(driven) if text == messages.STILL_THERE] == [messages.STILL_THERE]
    assert desk.asked == []


def notes(driven: Driven) -> list[str]:
    return [notice.text for notice in driven.app.notices.newest()]


async def test_the_key_that_disarms_answers_and_disarms(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await asked(driven, desk)
        await driven.press("ctrl+x")
        await driven.hides(messages.STILL_THERE)
        await seen(driven.pilot, lambda: ("trade-executor", "disarm") in desk.verbs())


async def test_it_asks_over_a_dialog_and_a_click_leaves_the_dialog_open(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("q")
        await driven.opens("Quit?")
        await asked(driven, desk)
        await driven.pilot.click(offset=(60, 20))
        await driven.hides(messages.STILL_THERE)
        await driven.opens("Quit?")


async def test_a_read_only_cockpit_shows_that_the_desk_asks_and_reports_nothing(desk: FakeDesk) -> None:
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "1", read_only=True)
    async with cockpit(link) as driven:
        await asyncio.to_thread(desk.say, asking())
        await driven.shows("NO KEY: disarms in 48s")
        await driven.press("z")
        assert messages.STILL_THERE not in driven.text
    assert desk.reports == []


async def test_without_a_terminal_nothing_is_reported_as_painted(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await seen(driven.pilot, lambda: len(desk.reports) > 0)
    assert [(one.painted, one.key_age_ms) for one in desk.reports[:1]] == [(None, None)]


def bar(view: View) -> str:
    return " ".join(cell.text for line in status(view, 200) for cell in line)


def test_the_status_bar_says_when_an_operator_gave_a_sign_while_the_desk_quotes() -> None:
    shot = replace(samples.snapshot(), operators=1, sign_age_ms=10_000)
    assert "operator:  key just now" in bar(View(snapshot=shot))
    assert "operator:  key 3m ago" in bar(View(snapshot=replace(shot, sign_age_ms=180_000), quiet_ms=1_000))
    assert "2 operators:  key just now" in bar(View(snapshot=replace(shot, operators=2)))
    for nobody in (
        replace(shot, operators=0),
        replace(shot, sign_age_ms=None),
        replace(samples.disarmed(), operators=1, sign_age_ms=1),
    ):
        assert "key" not in bar(View(snapshot=nobody))
