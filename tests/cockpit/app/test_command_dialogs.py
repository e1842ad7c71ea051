"""What holds for every dialog that commands: no Enter, no second press, no stale picture, and an outcome of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, copy_context
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from textual.widgets import Button

from cockpit.client.desk_client import DeskClient
from cockpit.model.commands import Limits, Result
from cockpit.model.snapshot import JournalRow, KeyView, Snapshot
from panels.dialogs import messages
from panels.dialogs.controls import SpaceButton
from panels.dialogs.trading.limits import FIELDS
from panels.kit.messages import NO_CONNECTION, STALE_SCREEN, TERMS_CHANGED
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

MAX_SIZE = FIELDS[0].label


def unregistered(seq: int = 1) -> Snapshot:
    shot = samples.disarmed(seq)
    return replace(shot, key=KeyView(public_key=shot.key.public_key, registered=False, access="full"))


async def open_by_key(driven: Driven, key: str, title: str) -> None:
    await driven.press(key)
    await driven.opens(title)


async def to_arm(driven: Driven) -> None:
    await open_by_key(driven, "ctrl+e", "Arm the executor?")


async def to_stop(driven: Driven) -> None:
    await open_by_key(driven, "ctrl+o", "Hard stop: burn")


async def to_limits(driven: Driven) -> None:
    await open_by_key(driven, "l", MAX_SIZE)
    await driven.press("tab", "tab", "end", "0", "shift+tab", "shift+tab")


async def to_unfreezing(driven: Driven) -> None:
    await open_by_key(driven, "w", "Withdrawals are frozen.")
    await driven.press("shift+tab", "enter")
    await driven.opens("Unfreeze withdrawals?")


async def to_registering(driven: Driven) -> None:
    driven.app.action_signing_key()
    await driven.opens("Register it now…")
    await driven.press("tab", "tab", "enter")
    await driven.opens("Register the key?")


async def to_trading(driven: Driven) -> None:
    await open_by_key(driven, "ctrl+t", "Trading state")


class Case(NamedTuple):
    """How a dialog is opened, a text of it, and where its dangerous button is, counted from Cancel."""

    open: Callable[[Driven], Awaitable[None]]
    title: str
    button: str = "#do"
    tabs: int = 1

    @property
    def to_button(self) -> tuple[str, ...]:
        return ("tab",) * self.tabs


CASES = pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(to_arm, "Arm the executor?"), id="arm"),
        pytest.param(Case(to_stop, "Hard stop: burn"), id="stop"),
        pytest.param(Case(to_limits, MAX_SIZE), id="limits"),
        pytest.param(Case(to_unfreezing, "Unfreeze withdrawals?"), id="unfreeze"),
        pytest.param(Case(to_registering, "Register the key?"), id="register"),
        pytest.param(Case(to_trading, "Trading state", "#HALTED", 1), id="halt"),
        pytest.param(Case(to_trading, "Trading state", "#REDUCING", 2), id="reduce"),
        pytest.param(Case(to_trading, "Trading state", "#ACTIVE", 3), id="activate"),
    ],
)


@CASES
async def test_it_opens_on_cancel_and_enter_sends_nothing(desk: FakeDesk, link: DeskClient, case: Case) -> None:
    desk.current = unregistered()
    async with cockpit(link, NARROW) as driven:
        await case.open(driven)
        focused = driven.app.screen.focused
        assert focused is not None
        assert focused.id == "cancel"
        await driven.press(*case.to_button, "enter", "enter")
        assert driven.app.screen.query_one(case.button).has_focus
        assert case.title in driven.text
        await driven.press("escape")
        await driven.hides(case.title)
    assert desk.asked == []


@CASES
async def test_pressed_twice_it_is_sent_once_and_its_id_is_shown(desk: FakeDesk, link: DeskClient, case: Case) -> None:
    desk.current = unregistered()
    desk.held.clear()
    async with cockpit(link, NARROW) as driven:
        await case.open(driven)
        await driven.press(*case.to_button, "space", "space")
        await driven.press(*case.to_button, "space", "space")
        await driven.shows(messages.command_sent("id-1"))
        assert all(button.disabled for button in driven.app.screen.query(SpaceButton))
        desk.held.set()
        await seen(driven.pilot, lambda: messages.command_sent("id-1") not in driven.flat)
    assert [body["command_id"] for _, _, body in desk.asked] == ["id-1"]


@CASES
async def test_two_presses_in_one_moment_are_one_command(desk: FakeDesk, link: DeskClient, case: Case) -> None:
    desk.current = unregistered()
    desk.held.clear()
    async with cockpit(link, NARROW) as driven:
        await case.open(driven)
        button = driven.app.screen.query_one(case.button, Button)
        button.press()
        button.press()
        await driven.shows(messages.command_sent("id-1"))
        desk.held.set()
        await seen(driven.pilot, lambda: messages.command_sent("id-1") not in driven.flat)
    assert [body["command_id"] for _, _, body in desk.asked] == ["id-1"]


@CASES
async def test_left_open_it_closes_and_sends_nothing(desk: FakeDesk, link: DeskClient, case: Case) -> None:
    desk.current = unregistered()
    async with cockpit(link) as driven:
        await case.open(driven)
        left_open = driven.app.screen
        await driven.press(*case.to_button)
        driven.clock.now += 121
        await asyncio.to_thread(desk.say, unregistered(2))
        await driven.press("space")
        await driven.shows("closed after two minutes without input")
        await seen(driven.pilot, lambda: left_open not in driven.app.screen_stack)
    assert desk.asked == []


@CASES
async def test_a_lost_answer_is_found_in_the_journal(desk: FakeDesk, case: Case) -> None:
    desk.current = unregistered()
    desk.answering = lambda *_: None
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "id-7", timeout_s=0.2, slow_timeout_s=0.2)
    async with cockpit(link) as driven:
        await case.open(driven)
        await driven.press(*case.to_button, "space")
        await driven.shows(messages.MAY_HAVE_DONE_IT, "id-7", "Retry")
        row = JournalRow(
            command_id="id-7", age_ms=10, actor="ops", command="it", accepted=False, reason="the moon is not full"
        )
        await asyncio.to_thread(desk.say, replace(unregistered(2), journal=(row,)))
        await driven.shows("it refused: the moon is not full")
        await driven.hides(messages.UNKNOWN)
        await driven.hides("Retry")


@CASES
async def test_pressed_on_a_stale_picture_it_sends_nothing(desk: FakeDesk, link: DeskClient, case: Case) -> None:
    desk.current = unregistered()
    async with cockpit(link) as driven:
        await case.open(driven)
        await driven.press(*case.to_button)
        driven.app._skipping_since_s = 0.0
        await driven.press("space")
        await driven.shows(STALE_SCREEN)
        assert desk.asked == []
        driven.app._skipping_since_s = None
        # A button takes no second press while it is shown as pressed.
        await seen(driven.pilot, lambda: not driven.app.screen.query_one(case.button).has_class("-active"))
        await driven.press("space")
        await seen(driven.pilot, lambda: len(desk.asked) == 1)


async def test_retried_with_an_unknown_outcome_it_is_the_same_command(desk: FakeDesk) -> None:
    desk.current = samples.disarmed()
    desk.answering = lambda part, verb, body: None if len(desk.asked) == 1 else desk.accept(part, verb, body)
    ids = iter(("first", "second"))
    link = DeskClient(desk.path, actor="ops", new_id=lambda: next(ids), timeout_s=0.2)
    async with cockpit(link) as driven:
        await to_arm(driven)
        await driven.press("tab", "space")
        await driven.shows(messages.MAY_HAVE_DONE_IT, messages.RETRY)
        await driven.press("tab", "space")
        await driven.hides("Arm the executor?")
    assert [body["command_id"] for _, _, body in desk.asked] == ["first", "first"]


async def test_arming_is_not_sent_under_terms_that_nobody_read(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await to_arm(driven)
        await driven.press("tab")
        await asyncio.to_thread(desk.say, replace(samples.disarmed(2), strategy_armed=True))
        await driven.shows(TERMS_CHANGED)
        await driven.press("space", "enter")
        assert desk.asked == []
        await driven.press("escape", "ctrl+e")
        await driven.opens("The strategy is armed: quotes go out")
        await driven.press("tab", "space")
        await driven.hides("Arm the executor?")
    assert desk.verbs() == [("trade-executor", "arm")]


async def test_limits_of_somebody_else_are_not_undone_by_an_open_form(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await to_limits(driven)
        await asyncio.to_thread(desk.say, replace(samples.disarmed(2), limits=Limits(min_edge_bps=samples.MID / 10000)))
        await driven.shows(TERMS_CHANGED)
        await driven.press("tab", "space")
    assert desk.asked == []


async def test_other_limits_after_a_lost_answer_are_another_command(desk: FakeDesk) -> None:
    desk.answering = lambda *_: None
    ids = iter(("first", "second"))
    link = DeskClient(desk.path, actor="ops", new_id=lambda: next(ids), timeout_s=0.2)
    async with cockpit(link) as driven:
        await to_limits(driven)
        await driven.press("tab", "space")
        await driven.shows(messages.MAY_HAVE_DONE_IT, messages.RETRY)
        await driven.press("tab", "tab", "end", "0", "shift+tab", "space")
        await seen(driven.pilot, lambda: len(desk.asked) == 2)
    assert [body["command_id"] for _, _, body in desk.asked] == ["first", "second"]


async def test_a_disconnected_desk_is_not_armed_by_what_was_painted_last(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await to_arm(driven)
        await driven.press("tab")
        dialog = driven.app.screen
        driven.clock.now += 5
        dialog.query_one("#do").action_press()  # type: ignore[attr-defined]
        await driven.shows(f"{messages.BLOCKED}: {NO_CONNECTION}")
    assert desk.asked == []


async def test_an_outcome_that_came_after_the_dialog_was_left_is_shown(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    desk.held.clear()
    desk.answering = lambda part, verb, _body: Result(
        command_id="id-1", command=f"{verb} {part}", accepted=False, reason="the moon is not full", at_ns=1
    )
    async with cockpit(link) as driven:
        await to_arm(driven)
        await driven.press("tab", "space", "escape")
        await driven.hides("Arm the executor?")
        desk.held.set()
        await driven.shows("the moon is not full")


def fills_reason(left_s: int) -> str:
    return f"desk: 12 fills within the hour, at most 12; the next in {left_s} s"


def halted(seq: int = 1, reason: str = "") -> Snapshot:
    return replace(samples.disarmed(seq), trading="HALTED", trading_why=reason or fills_reason(300))


async def test_a_halt_is_lifted_only_while_it_is_the_one_that_was_read(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = halted()
    async with cockpit(link) as driven:
        await to_trading(driven)
        await driven.press("tab", "tab", "tab")
        await asyncio.to_thread(desk.say, halted(2, fills_reason(299)))
        await driven.shows("the next in 299 s")
        assert TERMS_CHANGED not in driven.flat, "a number that counts down is no other reason"
        await asyncio.to_thread(desk.say, halted(3, "HALTED by bob: news in five minutes"))
        await driven.shows(f"Reduce, Activate: {TERMS_CHANGED}")
        await driven.press("space")
        assert desk.asked == []
        await driven.press("shift+tab", "shift+tab", "shift+tab", "tab", "space")
        await driven.hides("Trading state")
    assert [body["state"] for _, _, body in desk.asked] == ["HALTED"], "halting has no preconditions"


async def test_without_a_connection_only_halting_can_be_sent(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await to_trading(driven)
        driven.clock.now += 12
        await driven.shows("Trading is last seen ACTIVE", f"Reduce, Activate: {NO_CONNECTION}")
        await driven.press("tab", "space")
        await seen(driven.pilot, lambda: [body["state"] for _, _, body in desk.asked] == ["HALTED"])


async def test_another_state_or_reason_after_a_lost_answer_is_another_command(desk: FakeDesk) -> None:
    desk.answering = lambda *_: None
    ids = iter(("first", "second", "third"))
    link = DeskClient(desk.path, actor="ops", new_id=lambda: next(ids), timeout_s=0.2)
    async with cockpit(link) as driven:
        await to_trading(driven)
        await driven.press("tab", "space")
        await driven.shows(messages.MAY_HAVE_DONE_IT, messages.retry("Halt"))
        await driven.press("tab", "space")
        await seen(driven.pilot, lambda: len(desk.asked) == 2)
        await driven.shows(messages.MAY_HAVE_DONE_IT, messages.retry("Halt"))
        await driven.press("tab", "tab", "space")
        await seen(driven.pilot, lambda: len(desk.asked) == 3)
        await driven.shows(messages.MAY_HAVE_DONE_IT, messages.retry("Reduce"), "Halt")
        await driven.press("shift+tab", *"news", "tab", "tab", "tab", "space")
        await seen(driven.pilot, lambda: len(desk.asked) == 4)
    asked = [(body["command_id"], body["state"], body["reason"]) for _, _, body in desk.asked]
    assert asked == [
        ("first", "HALTED", ""),
        ("first", "HALTED", ""),
        ("second", "REDUCING", ""),
        ("third", "REDUCING", "news"),
    ]


async def test_a_reason_that_is_being_typed_keeps_the_dialog_open(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await to_trading(driven)
        await driven.press("shift+tab", *"news")
        driven.clock.now += 100
        await asyncio.to_thread(desk.say, samples.snapshot(2))
        await driven.press("!")
        driven.clock.now += 100
        await asyncio.to_thread(desk.say, samples.snapshot(3))
        await driven.press("enter", "tab", "space")
        await driven.hides("Trading state")
    assert [body["reason"] for _, _, body in desk.asked] == ["news!"]


async def test_what_a_command_opens_does_not_keep_the_dialog_that_sent_it(desk: FakeDesk, link: DeskClient) -> None:
    sender = ContextVar("sender", default="")
    kept = []

    async def command() -> None:
        kept.append(sender.get())

    def from_a_dialog() -> None:
        sender.set("a dialog")
        driven.app.desk.run(command())

    async with cockpit(link) as driven:
        copy_context().run(from_a_dialog)
        await seen(driven.pilot, lambda: bool(kept))
    assert kept == [""], "a connection that is opened in its context lives longer than the dialog"
