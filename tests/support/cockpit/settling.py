"""Keys at the pace of the app: the next one follows once the app has nothing left to do.

Textual's own pilot sleeps, twice a key, until the process was idle for 20 ms: an address of 42 letters took seconds.
"""

import asyncio
from typing import Any, cast

import pytest
from textual._context import active_app

ROUNDS = 3
"""A round is what a key causes, then the layout and drawing that are due; these may cause more."""


async def settled(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Let the app do all that it can without waiting; for about ``max_sleep`` seconds at most."""
    loop = cast(Any, asyncio.get_running_loop())
    end = loop.time() + max_sleep
    await asyncio.sleep(min_sleep)
    for _ in range(ROUNDS):
        while loop.time() < end:
            await asyncio.sleep(0)
            if not loop._ready:
                break
        app = active_app.get(None)
        if app is not None and app.screen_stack:
            app.screen._on_timer_update()
    # A button takes no second press while it is shown as pressed.
    while loop.time() < end and (app := active_app.get(None)) is not None and app.screen_stack:
        if not app.screen.query("Button.-active"):
            break
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pilots wait for the app instead of the clock."""
    for module in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{module}.wait_for_idle", settled)
