"""Arming asks and starts on Cancel; disarming never asks; nothing is shown as done that the desk did not report."""

import asyncio

import pytest
from msgspec.structs import replace

from cockpit.client.desk_client import DeskClient
from cockpit.model.commands import Result
from panels.dialogs import messages
from panels.dialogs.trading.limits import FIELDS
from panels.kit.messages import TERMS_CHANGED
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen
from tests.support.waiting import until_blocking

MAX_SIZE = FIELDS[0].label
ARM = ("trade-executor", "arm")


async def test_enter_on_opening_arms_nothing(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await driven.press("ctrl+e")
        await driven.opens("Arm the executor?", "max size", "5 EURe", "sandbox-maker.near")
        await driven.press("enter")
        await driven.hides("Arm the executor?")
        await driven.press("ctrl+s")
        await driven.opens("Arm the strategy?")
        await driven.press("escape")
        await driven.hides("Arm the strategy?")
    assert desk.asked == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_venue_s_alarms_are_read_before_arming(
    desk: FakeDesk, link: DeskClient, size: tuple[int, int]
) -> None:
    desk.current = replace(samples.disarmed(), alarms=samples.alarms())
    async with cockpit(link, size) as driven:
        await driven.press("ctrl+e")
        await driven.opens("Arm the executor?", "✗ SHIELD: chain gnosis [b]x[/b]", "and 2 more: see Interlocks")
        await driven.shows("SHIELD read 10s ago", "Cancel")


async def test_armed_is_shown_only_when_the_desk_reports_it(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    desk.held.clear()
    async with cockpit(link) as driven:
        await driven.press("ctrl+e")
        await driven.opens("Arm the executor?")
        await driven.press("right", "space")
        await driven.shows("executor ◌ arming…")
        assert "● ARMED" not in driven.text
        await driven.press("tab", "enter")
        desk.held.set()
        await driven.hides("Arm the executor?")
        assert desk.verbs() == [ARM]
        assert "● ARMED" not in driven.text
        await asyncio.to_thread(desk.say, replace(samples.disarmed(2), executor_armed=True))
        await driven.shows("executor ● ARMED")


async def test_a_refusal_is_shown_in_the_dialog(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    desk.answering = desk.refuse
    async with cockpit(link) as driven:
        await driven.press("ctrl+s")
        await driven.opens("Arm the strategy?")
        await driven.press("right", "space")
        await driven.shows("refused: the moon is not full", "strategy ○ DISARMED")


async def test_a_command_without_a_reply_is_never_shown_as_done(desk: FakeDesk) -> None:
    desk.current = samples.disarmed()
    desk.answering = lambda *_: None
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "1", timeout_s=0.3)
    async with cockpit(link) as driven:
        await driven.press("ctrl+s")
        await driven.opens("Arm the strategy?")
        await driven.press("right", "space")
        await driven.shows(f"? arm strategy (command 1): {messages.UNKNOWN}", messages.MAY_HAVE_DONE_IT)
        await driven.shows(messages.RETRY, "strategy ○ DISARMED")


async def test_a_blocked_executor_says_why_and_cannot_be_armed(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = replace(samples.disarmed(), executor_blocked="quotes of the previous run are live for 42 s")
    async with cockpit(link) as driven:
        await driven.press("ctrl+e")
        await driven.opens(f"{messages.BLOCKED}: quotes of the previous run are live for 42 s")
        await driven.press("right", "space", "enter")
        assert desk.asked == []
        await asyncio.to_thread(desk.say, samples.disarmed(2))
        await driven.hides(messages.BLOCKED)


async def test_disarming_never_asks_and_works_over_a_dialog(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: len(desk.asked) == 2)
        await driven.press("l")
        await driven.opens(MAX_SIZE)
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: len(desk.asked) == 4)
        assert MAX_SIZE in driven.text
        await driven.press("escape", "ctrl+p")
        await driven.opens("Search for commands")
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: len(desk.asked) == 6)
    assert {verb for _, verb in desk.verbs()} == {"disarm"}
    assert {part for part, _ in desk.verbs()} == {"strategy-engine", "trade-executor"}


async def test_disarming_has_the_last_word_over_an_arming_in_flight(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    desk.held.clear()
    async with cockpit(link) as driven:
        await driven.press("ctrl+e")
        await driven.opens("Arm the executor?")
        await driven.press("right", "space")
        await seen(driven.pilot, lambda: desk.verbs() == [ARM])
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: len(desk.asked) == 3)
        desk.held.set()
        await seen(driven.pilot, lambda: len(desk.asked) == 4)
    assert desk.verbs()[-1] == ("trade-executor", "disarm")


async def test_a_desk_that_disarms_itself_is_noticed(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        now = replace(samples.snapshot(2), executor_armed=False, executor_why="history cannot be written")
        await asyncio.to_thread(desk.say, now)
        await driven.shows("executor disarmed: history", "7 live quotes still binding for 58s")
        driven.clock.now += 2
        await driven.shows("still binding for 56s")


async def test_limits_are_checked_here_and_decided_by_the_desk(desk: FakeDesk, link: DeskClient) -> None:
    def answering(_part: str, verb: str, _body: dict[str, object]) -> Result:
        return desk.result(verb, len(desk.asked) > 1, "done" if len(desk.asked) > 1 else "not while quotes are alive")

    desk.answering = answering
    async with cockpit(link) as driven:
        await driven.press("l")
        await driven.opens(MAX_SIZE)
        await driven.press("tab", "tab", "end", "x", *["tab"] * len(FIELDS), "tab", "space")
        await driven.shows("is not a number (EURe)")
        assert desk.asked == []
        back = ["shift+tab"] * len(FIELDS)
        await driven.press(*back, "shift+tab", "end", "backspace", "0", *["tab"] * len(FIELDS), "tab", "space")
        await driven.shows("refused: not while quotes are alive")
        await driven.press("tab", "enter")
        assert len(desk.asked) == 1
        await driven.press("space")
        await driven.hides(MAX_SIZE)
    assert [body["max_notional_eure"] for _, _, body in desk.asked] == ["50", "50"]


async def test_the_trading_state_is_shown_and_set_by_keyboard(desk: FakeDesk, link: DeskClient) -> None:
    def answering(_part: str, verb: str, _body: dict[str, object]) -> Result:
        return desk.result(verb, len(desk.asked) > 1, "done" if len(desk.asked) > 1 else "the history is full")

    desk.answering = answering
    why = "desk: the day's fills lost 6.000000 EURe, at most 5; a person has to lift it"
    async with cockpit(link) as driven:
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), trading="HALTED", trading_why=why))
        await driven.shows(" HALTED ", "the day's fills lost")
        await driven.press("ctrl+t")
        await driven.opens("Trading is HALTED.", "a person has to lift it")
        await driven.press("enter")
        await driven.hides("Trading is HALTED.")
        assert desk.asked == [], "it opens on Cancel"
        await driven.press("ctrl+t")
        await driven.opens("Trading is HALTED.")
        await driven.press("shift+tab", *"seen", "enter", "tab", "tab", "space")
        await driven.shows("refused: the history is full")
        await asyncio.to_thread(desk.say, replace(samples.snapshot(3), trading="REDUCING", trading_why="by ann"))
        await driven.shows("Trading is REDUCING.", TERMS_CHANGED)
        await driven.press("escape", "ctrl+t")
        await driven.opens("Trading is REDUCING.", "by ann")
        await driven.press("tab", "tab", "tab", "space")
        await driven.hides("Trading is REDUCING.")
    bodies = [(body["state"], body["reason"]) for _, _, body in desk.asked]
    assert bodies == [("REDUCING", "seen"), ("ACTIVE", "")]


async def test_refresh_reads_reference_balances_and_deposits(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("r")
        await seen(driven.pilot, lambda: len(desk.asked) == 3)
    until_blocking(lambda: {verb for _, verb in desk.verbs()} == {"refresh"})
    assert {part for part, _ in desk.verbs()} == {"market-reference-ingest", "inventory-sync", "liquidity-manager"}
