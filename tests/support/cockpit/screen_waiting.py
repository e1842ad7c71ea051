"""Waiting on conditions, never on the clock."""

import time
from collections.abc import Callable

from textual.pilot import Pilot

from cockpit.app.app import CockpitApp, Exit
from panels.kit.textual_internals import screen_strips
from tests.support.waiting import PATIENCE_S


async def seen(pilot: Pilot[Exit], condition: Callable[[], bool]) -> None:
    """Let the app run until the condition holds; fail when it does not for a long time."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain; the screen shows:\n{screen_text(pilot)}"
        await pilot.pause(0.02)


def screen_text(pilot: Pilot[Exit]) -> str:
    """What the reader sees, line by line."""
    app = pilot.app
    assert isinstance(app, CockpitApp)
    width, height = app.size
    lines = screen_strips(app.screen, app.size)
    assert len(lines) <= height
    assert width
    return "\n".join(strip.text.rstrip() for strip in lines)
