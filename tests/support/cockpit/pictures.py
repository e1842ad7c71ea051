"""What leads a cockpit to the screen of which a picture is taken."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from textual.pilot import Pilot

from cockpit.app.app import CockpitApp, Exit
from panels.dialogs.dialog import Dialog
from tests.support.cockpit.screen_waiting import screen_text, seen

Before = Callable[[Pilot[Exit]], Awaitable[None]]


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(self, app: CockpitApp, *, terminal_size: tuple[int, int], run_before: Before) -> bool: ...


def showing(*texts: str, keys: tuple[str, ...] = (), then: Before | None = None, filled: bool = True) -> Before:
    """Wait for the first snapshot, press keys, do one more thing, and wait for the texts and a filled screen."""

    async def before(pilot: Pilot[Exit]) -> None:
        await seen(pilot, lambda: "sandbox-maker.near" in screen_text(pilot))
        await pilot.pause()
        await pilot.press(*keys)
        if then is not None:
            await then(pilot)
        await seen(pilot, lambda: all(text in screen_text(pilot) for text in texts))
        # A dialog that any key answers has nothing to put the focus on.
        await seen(pilot, lambda: pilot.app.screen.focused is not None or not pilot.app.screen.focus_chain)
        await seen(pilot, lambda: not filled or painted(pilot))
        # A button that was pressed is shown so for a moment, also behind the dialog that it opened.
        await seen(pilot, lambda: not any(screen.query("Button.-active") for screen in pilot.app.screen_stack))
        await pilot.pause(0.1)
        draw_behind(pilot)
        await pilot.pause()

    return before


def draw_behind(pilot: Pilot[Exit]) -> None:
    """Have dialogs draw the board behind them again: they keep what they saw, and it may just have been laid out.

    A cockpit does so once a second; the clock of a picture stands.
    """
    for screen in pilot.app.screen_stack:
        if isinstance(screen, Dialog):
            screen.draw_behind()


def painted(pilot: Pilot[Exit]) -> bool:
    """Whether the whole screen is painted, also what is dimmed behind a dialog, which is drawn again if not."""
    lines = screen_text(pilot).split("\n")
    # A tall dialog fills most lines by itself: the keys are below it.
    filled = bool(lines[-1]) and sum(bool(line) for line in lines) >= pilot.app.size.height - 2
    if not filled:
        draw_behind(pilot)
    return filled


async def review(pilot: Pilot[Exit]) -> None:
    """From the filled form to the review."""
    await pilot.press("enter")
    await seen(
        pilot, lambda: all(text in screen_text(pilot) for text in ("Review the withdrawal", "none of your live quotes"))
    )
