"""What holds for the keys of every dialog: one line says them, wrong ones are answered, the focus is seen."""

import os
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from textual.widget import Widget
from textual.widgets import Button, Input

from cockpit.app.app import Exit
from cockpit.app.operator_actions import NO_SHELL
from cockpit.client.desk_client import DeskClient
from panels.dialogs import messages
from panels.dialogs.controls import SpaceButton
from panels.dialogs.trading.limits import LimitsDialog
from panels.kit.form_fields import FormChoice, FormToggle
from panels.kit.textual_internals import screen_strips
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen
from tests.support.cockpit.withdrawing import to_confirm, to_form, to_review

Opening = Callable[[Driven], Awaitable[None]]
CONTROLS = (Button, Input, FormChoice, FormToggle)


def by_keys(*keys: str) -> Opening:
    async def opening(driven: Driven) -> None:
        await driven.press(*keys)

    return opening


def by_action(name: str) -> Opening:
    async def opening(driven: Driven) -> None:
        await driven.app.run_action(name)

    return opening


DIALOGS: dict[str, tuple[Opening, str]] = {
    "arm the strategy": (by_keys("ctrl+s"), messages.ESC_CANCELS),
    "arm the executor": (by_keys("ctrl+e"), messages.ESC_CANCELS),
    "hard stop": (by_keys("ctrl+o"), messages.ESC_CANCELS),
    "trading state": (by_keys("ctrl+t"), messages.ESC_CANCELS),
    "limits": (by_keys("l"), messages.ESC_CANCELS),
    "pricing": (by_keys("p"), messages.ESC_CANCELS),
    "withdraw": (to_form, messages.ESC_CANCELS),
    "review": (to_review, messages.ESC_BACK),
    "confirm": (to_confirm, messages.ESC_BACK),
    "deposit": (by_keys("d"), messages.ESC_CLOSES),
    "P&L since": (by_keys("s"), messages.ESC_CANCELS),
    "quit": (by_keys("q"), messages.ESC_CANCELS),
    "help": (by_keys("question_mark"), messages.ESC_CLOSES),
    "row": (by_keys("enter"), messages.ESC_CLOSES),
    "findings": (by_action("findings"), messages.ESC_CLOSES),
    "note": (by_keys("N"), messages.ESC_CANCELS),
    "columns": (by_keys("c"), messages.ESC_CLOSES),
    "track": (by_action("track"), messages.ESC_CANCELS),
    "key": (by_action("signing_key"), messages.ESC_CLOSES),
}
WARNED = "The order file of yesterday cannot be read."
EVERY = pytest.mark.parametrize("name", DIALOGS)


async def opened(driven: Driven, name: str) -> None:
    """Open a dialog, and wait until its line of keys is there."""
    opening, escape = DIALOGS[name]
    await opening(driven)
    await driven.opens(escape)


def picture_of(driven: Driven, control: Widget) -> list[list[tuple[str, object]]]:
    """The cells of a control as they are on the screen, with their styles."""
    area = control.region
    strips = screen_strips(driven.app.screen, driven.app.size)[area.y : area.bottom]
    return [[(cell.text, cell.style) for cell in strip.crop(area.x, area.right)] for strip in strips]


def lit(driven: Driven, control: Widget, unlit: list[list[tuple[str, object]]]) -> bool:
    """Whether the whole control is on the screen, and looks other than without the keyboard."""
    return driven.app.screen.can_view_entire(control) and (picture_of(driven, control) != unlit or alone(driven))


def rules(driven: Driven) -> dict[Widget, object]:
    """The rules by which each widget of the dialog is styled."""
    return {node: node.styles.base.get_rules() for node in driven.app.screen.query(Widget)}


def alone(driven: Driven) -> bool:
    return len(driven.app.screen.focus_chain) == 1


@EVERY
async def test_a_dialog_says_its_keys_and_answers_wrong_ones(desk: FakeDesk, link: DeskClient, name: str) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        await opened(driven, name)
        styled = rules(driven)
        driven.app.screen.update_node_styles(animate=False)
        assert rules(driven) == styled, "nothing needs styles again once it is open"
        driven.app.notify(WARNED, severity="warning", markup=False)
        await driven.shows(WARNED)
        chain = driven.app.screen.focus_chain
        said = driven.app.screen.query_one("#said").region
        assert said.bottom <= NARROW[1], "said where it is lit, over no button"
        assert all(not button.region.overlaps(said) for button in driven.app.screen.query(Button))
        assert all(isinstance(control, CONTROLS) for control in chain), "the keyboard is never where nobody sees it"
        if len(chain) > 1:
            await driven.shows(messages.NEXT_CONTROL)
        for number, control in enumerate(chain):
            chain[number - 1].focus()
            await seen(driven.pilot, partial(getattr, chain[number - 1], "has_focus"))
            unlit = picture_of(driven, control)
            control.focus()
            await seen(driven.pilot, partial(lit, driven, control, unlit))
            await driven.press("f7")
            await driven.shows(messages.does_nothing("f7"))
            if isinstance(control, Button):
                # The answer goes with the next key, here one that reads on.
                await driven.press("pagedown")
                await driven.shows(f"space: {control.label}")
        await driven.press("f7", "escape")
        await seen(driven.pilot, lambda: messages.does_nothing("f7") not in driven.text)
    assert {verb for _, verb in desk.verbs()} <= {"withdrawal-estimate"}


async def test_a_dialog_is_styled_once(desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    again: list[LimitsDialog] = []

    def update(dialog: LimitsDialog, animate: bool = True) -> None:
        again.append(dialog)

    monkeypatch.setattr(LimitsDialog, "update_node_styles", update)
    async with cockpit(link, NARROW) as driven:
        await opened(driven, "limits")
        assert isinstance(driven.app.screen, LimitsDialog)
    assert not again


@EVERY
async def test_quitting_works_over_a_dialog_and_twice_leaves(desk: FakeDesk, link: DeskClient, name: str) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        await opened(driven, name)
        if name != "quit":
            await driven.press("ctrl+c")
            await driven.opens("Leave the desk running", messages.AGAIN_LEAVES)
            await driven.press("escape")
            await driven.opens(DIALOGS[name][1])
            await driven.press("ctrl+q")
            await driven.opens(messages.AGAIN_LEAVES)
        await driven.press("ctrl+c")
        await seen(driven.pilot, lambda: driven.app.return_value is not None)
    assert driven.app.return_value == Exit(stop_desk=False)
    assert "shutdown" not in {verb for _, verb in desk.verbs()}


@pytest.mark.parametrize("key", ["ctrl+s", "ctrl+e", "ctrl+o", "ctrl+t", "l", "q"])
async def test_space_cancels_on_cancel_and_enter_on_the_other_says_what_does(
    desk: FakeDesk, link: DeskClient, key: str
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        await driven.press(key)
        await driven.opens("space: Cancel")
        await driven.press("space")
        await seen(driven.pilot, lambda: len(driven.app.screen_stack) == 1)
        await driven.press(key)
        await driven.opens("space: Cancel")
        while not isinstance(driven.app.screen.focused, SpaceButton):
            await driven.press("tab")
        await driven.press("enter")
        await driven.shows(messages.ENTER_NEVER)
    assert desk.asked == []


async def test_what_scrolls_is_scrolled_from_anywhere(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await opened(driven, "help")
        await driven.shows(messages.SCROLLS, "Arm the strategy: asks first")
        await driven.press("end")
        await driven.shows("Suspend the cockpit; fg")
        await driven.press("home")
        await driven.shows("can move money, and asks first")
        await driven.shows("Arm the strategy: asks first")
        await driven.press("down", "j", "up", "k", "pagedown", "pageup", "G", "g")
        await driven.shows("Arm the strategy: asks first")


async def test_a_note_is_sent_once_and_an_empty_one_is_not(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("N")
        await driven.opens("kept in the journal")
        await driven.press("enter")
        await driven.shows(messages.NOTE_IS_EMPTY)
        await driven.press(*"q1 bank shut", "enter")
        await driven.hides("kept in the journal")
    assert [body["text"] for body in desk.bodies("notes")] == ["q1 bank shut"]


async def test_a_cockpit_that_no_shell_could_resume_is_not_suspended(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getsid", lambda _pid: os.getpid())
    async with cockpit(link) as driven:
        await driven.press("ctrl+z")
        await driven.shows(NO_SHELL)
        driven.app.clear_notifications()
        await driven.press("l")
        await driven.opens(messages.ESC_CANCELS)
        await driven.press("ctrl+z", "escape")
        await driven.shows(NO_SHELL)


async def test_a_dialog_that_is_closed_twice_takes_nothing_else_down(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await opened(driven, "help")
        dialog, board = driven.app.screen, driven.app.screen_stack[0]
        dialog.dismiss(None)
        dialog.dismiss(None)
        await driven.hides(messages.SCROLLS)
        assert driven.app.screen_stack == [board]
        await opened(driven, "note")
        dialog.dismiss(None)
        await driven.shows(messages.ESC_CANCELS)
