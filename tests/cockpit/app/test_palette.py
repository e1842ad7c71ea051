"""The palette by hands that are faster than its list: Enter runs what the text names, and never anything else."""

import asyncio

import pytest
from textual import events
from textual.app import SystemCommand

from cockpit.app.palette import LiveCommandPalette, named
from cockpit.client.desk_client import DeskClient
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.signing_key import KeyDialog
from panels.dialogs.messages import NO_FINDINGS, names_commands
from panels.dialogs.trading.arm import ArmDialog
from panels.kit.actions import ACTIONS
from tests.support.cockpit import samples
from tests.support.cockpit.bursts import burst
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen


async def settled(driven: Driven) -> None:
    """Wait until all that was sent is done."""
    taken = asyncio.Event()
    driven.app.call_later(taken.set)
    await seen(driven.pilot, lambda: taken.is_set() and not driven.app.held_keys.busy)


def commands(*titles: str) -> list[SystemCommand]:
    return [SystemCommand(title, "", lambda: None) for title in titles]


def test_a_text_names_the_command_of_that_name_or_all_that_hold_it() -> None:
    known = commands("Arm strategy", "Disarm strategy", "Arm executor", "Help")
    assert [command.title for command in named("arm  STRATEGY ", known)] == ["Arm strategy"]
    assert [command.title for command in named("strat", known)] == ["Arm strategy", "Disarm strategy"]
    assert [command.title for command in named("executor", known)] == ["Arm executor"]
    assert named("", known) == []
    assert named("hlp", known) == [], "what is near is not named"


def test_each_command_is_named_by_its_name() -> None:
    shown = [action.name for action in ACTIONS if action.palette]
    assert all(len(named(name, commands(*shown))) == 1 for name in shown)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (tuple("startup"), NO_FINDINGS),
        (tuple("Track a withdrawal"), "Track a"),
        ((events.Paste("signing"),), "Signing key"),
    ],
    ids=["a part", "the name", "pasted"],
)
async def test_a_burst_runs_what_its_text_names(
    desk: FakeDesk, link: DeskClient, typed: tuple[str | events.Paste, ...], words: str
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        burst(driven, "ctrl+p", *typed, "enter")
        await seen(driven.pilot, lambda: isinstance(driven.app.screen, Dialog))
        await driven.opens(words)
        await settled(driven)
        assert len(driven.app.screen_stack) == 2


async def test_a_text_that_names_several_runs_none_and_the_list_is_there_to_choose(
    desk: FakeDesk, link: DeskClient
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        before = driven.app.shown_panel
        burst(driven, "ctrl+p", *"arm", "enter")
        await settled(driven)
        await driven.shows("“arm” names", "choose one from the list")
        assert isinstance(driven.app.screen, LiveCommandPalette)
        burst(driven, "escape", "ctrl+p", "enter")
        await settled(driven)
        await driven.shows(names_commands("", 0))
        assert (driven.app.shown_panel, desk.asked) == (before, [])


async def test_a_burst_that_arms_by_name_only_asks(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        burst(driven, "ctrl+p", *"arm strategy", "enter", "tab", "space")
        await driven.opens("Arm the")
        await settled(driven)
        assert isinstance(driven.app.screen, ArmDialog)
        assert not desk.asked


async def test_enter_before_the_list_of_the_newest_text_runs_nothing_of_an_older_one(
    desk: FakeDesk, link: DeskClient
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        palette = driven.app.screen
        assert isinstance(palette, LiveCommandPalette)
        await seen(driven.pilot, lambda: not palette.searching)
        # The list of all commands is there, its first one lit.
        burst(driven, *"signing", "enter")
        await seen(driven.pilot, lambda: isinstance(driven.app.screen, KeyDialog))
        await settled(driven)
        assert len(driven.app.screen_stack) == 2
