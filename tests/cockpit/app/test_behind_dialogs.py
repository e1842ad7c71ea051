"""What is behind a dialog: dimmed once, however many dialogs are open, and never blank."""

import pytest
from rich.style import Style

from cockpit.client.desk_client import DeskClient
from panels.dialogs.dialog import Dialog
from panels.kit.textual_internals import screen_strips
from panels.kit.theme import NAMES, PLAIN_NAME
from tests.support.cockpit.driven import Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

BEHIND = "diff 0"
"""A row of the board below every dialog here."""


def look_of(driven: Driven, text: str) -> Style | None:
    """Return the look of a text on the screen; None while it is not there."""
    for strip in screen_strips(driven.app.screen, driven.app.size):
        for segment in strip:
            if text in segment.text and segment.style is not None:
                return segment.style
    return None


async def stands_behind(driven: Driven, text: str) -> Style:
    """Wait until the text is on the screen, and return its look without what only a mouse would notice."""

    # Dialogs draw what is behind them once a second, and the clock of a test stands.
    for screen in driven.app.screen_stack:
        if isinstance(screen, Dialog):
            screen.draw_behind()
    await driven.pilot.pause()
    await seen(driven.pilot, lambda: look_of(driven, text) is not None)
    look = look_of(driven, text)
    assert look is not None
    return look.clear_meta_and_links()


@pytest.mark.parametrize("theme", ["dark", "16"])
async def test_a_second_dialog_dims_the_board_no_more(desk: FakeDesk, link: DeskClient, theme: str) -> None:
    async with cockpit(link) as driven:
        driven.app.use_theme(NAMES[theme])
        board = await stands_behind(driven, BEHIND)
        await driven.press("w")
        await driven.opens("Withdrawals are frozen")
        once = await stands_behind(driven, BEHIND)
        assert once != board
        await driven.press("ctrl+q")
        await driven.opens("Leave the desk running")
        assert await stands_behind(driven, BEHIND) == once


@pytest.mark.parametrize("keys", [("ctrl+p",), ("w", "ctrl+q")], ids=["palette", "second dialog"])
async def test_without_colours_what_is_behind_is_shown_plain(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with cockpit(link) as driven:
        assert driven.app.theme == PLAIN_NAME
        for key in keys:
            await driven.press(key)
            await driven.opens()
        for text in (BEHIND, "all green"):
            look = await stands_behind(driven, text)
            assert not any((look.bold, look.reverse, look.underline))


async def test_a_dialog_before_the_palette_is_dimmed_with_the_board(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        once = await stands_behind(driven, BEHIND)
        await driven.press("ctrl+q")
        await driven.opens("Leave the desk running")
        assert await stands_behind(driven, BEHIND) == once
