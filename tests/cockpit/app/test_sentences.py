"""What just happened stands in place of the key bar: nothing is covered, and an action is one sentence."""

import asyncio

import pytest
from msgspec.structs import replace

from cockpit.app.arming import disarmed_text
from cockpit.app.desk_commands import REFRESHED
from cockpit.client.desk_client import DeskClient
from panels.dialogs import messages
from panels.frame.message_line import MAX_LINES, Sentences, said_lines
from panels.kit.rows.cells import line_width
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen


def test_the_gravest_is_shown_then_the_newest() -> None:
    sentences = Sentences()
    first = sentences.add("copied", "information")
    grave = sentences.add("not sent", "error")
    sentences.add("copied", "information")
    assert [said.text for said in sentences.kept] == ["not sent", "copied"], "said twice, kept once"
    assert sentences.shown is not None
    assert sentences.shown.text == "not sent"
    sentences.end(grave)
    assert sentences.shown.text == "copied"
    sentences.end(first)
    assert sentences.shown is not None, "the second time counts from its own start"
    sentences.clear()
    assert sentences.shown is None


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_a_sentence_is_never_wider_than_the_screen_nor_acts_on_it(width: int) -> None:
    sentences = Sentences()
    sentences.add("the relay said \x1b[2J and " + "very much " * 60, "warning")
    assert sentences.shown is not None
    lines = said_lines(sentences.shown, width)
    assert 1 <= len(lines) <= MAX_LINES
    assert all(line_width(line) <= max(13, width) for line in lines)
    assert not any("\x1b" in cell.text for line in lines for cell in line)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_disarming_is_one_sentence_and_covers_no_row(
    desk: FakeDesk, link: DeskClient, size: tuple[int, int]
) -> None:
    async with cockpit(link, size) as driven:
        await driven.press("ctrl+x")
        await driven.shows(disarmed_text(samples.snapshot()))
        assert [said.text for said in driven.app.sentences.kept] == [disarmed_text(samples.snapshot())]
        assert disarmed_text(samples.snapshot()) in driven.text.splitlines()[size[1] - 1], "where the keys stood"
        assert not driven.app.screen.query("Toast")


async def test_a_refresh_is_one_sentence(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("r")
        await driven.shows(REFRESHED)
        assert len(desk.asked) == 3
        assert len(driven.app.sentences.kept) == 1
        desk.answering = desk.refuse
        await driven.press("r")
        await driven.shows("refused: the moon is not full")
        assert len(driven.app.sentences.kept) == 2


async def test_one_part_is_disarmed_alone(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.app.run_action("disarm_part('trade-executor')")
        await seen(driven.pilot, lambda: desk.verbs() == [("trade-executor", "disarm")])
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), executor_armed=False))
        await driven.shows("executor ○ DISARMED", "strategy ● ARMED")
        await driven.app.run_action("disarm_part('trade-executor')")
        await driven.shows("the executor is already disarmed")
        await driven.app.run_action("disarm_part('strategy-engine')")
        await seen(driven.pilot, lambda: len(desk.asked) == 2)
    assert desk.verbs()[-1] == ("strategy-engine", "disarm")


async def test_no_sentence_covers_a_dialog_and_it_waits_until_the_dialog_is_closed(
    desk: FakeDesk, link: DeskClient
) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("w")
        await driven.opens(messages.WITHDRAWALS_FROZEN)
        before = driven.boxed
        driven.app.notify("bob on pts/3: disarmed", timeout=0.01, markup=False)
        await driven.pilot.pause(0.1)
        assert driven.boxed == before
        await driven.press("escape")
        await driven.shows("bob on pts/3: disarmed")


async def test_the_board_behind_a_dialog_goes_on(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("ctrl+t")
        await driven.opens("Trading is")
        newer = samples.snapshot(2, decisions=64)
        newest = f"{newer.decisions[0].notional:.2f}"
        assert newest not in driven.text
        await asyncio.to_thread(desk.say, newer)
        await seen(driven.pilot, lambda: driven.app.view.snapshot == newer)
        driven.clock.now += 1
        await driven.shows(newest, "Trading is")
        await driven.pilot.resize_terminal(*NARROW)
        driven.clock.now += 2
        await driven.shows("Trading is", "▸5 Dec")
        await driven.press("escape")
        await driven.shows(newest)


async def test_the_board_behind_the_palette_goes_on(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        first = samples.snapshot(1)
        newer = replace(samples.snapshot(2), counts=replace(first.counts, settled=first.counts.settled + 1))
        await driven.shows(f"{first.counts.settled} settled")
        await asyncio.to_thread(desk.say, newer)
        await seen(driven.pilot, lambda: driven.app.view.snapshot == newer)
        driven.clock.now += 1
        await driven.shows(f"{newer.counts.settled} settled", "Search for commands")
