"""What a first opening of a dialog does once is done before it: no module is imported by it, and no style is parsed."""

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator
from typing import cast

import pytest
from textual._styles_cache import StylesCache
from textual.app import App
from textual.css.stylesheet import Stylesheet

from cockpit.app.terminal.idle_work import IdlePlan, IdleWork
from cockpit.app.terminal.process import RARE_GC
from cockpit.app.terminal.warm_up import (
    MODULES,
    MOST_PASSES,
    PASSES,
    RESTS,
    YOUNG_MOST,
    IdleGarbage,
    idle_plan,
    own_widgets,
)
from cockpit.client.desk_client import DeskClient
from panels.dialogs.dialog import Dialog
from tests.support.cockpit import samples
from tests.support.cockpit.driven import cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

ACTIONS = {
    "help": "Keys",
    "command_palette": "Search for commands",
    "limits": "Limits",
    "pricing": "Pricing",
    "trading": "Trading state",
    "withdraw": "Withdraw",
    "deposit": "Deposit",
    "hard_stop": "Hard stop",
    "earned_since": "P&L since",
    "note": "Note",
    "track": "Track a",
    "signing_key": "Signing key",
    "findings": "Startup",
    "rewind_to_time": "Rewind to",
    "arm('strategy-engine')": "Arm the strategy",
    "quit": "Quit?",
}
"""Dialogs that use every kind of widget that a dialog is made of, by the action that opens each."""
FIRST_USES = """
import asyncio, sys
from pathlib import Path
import cockpit.app.run
from cockpit.app.terminal.warm_up import MODULES, _import
from cockpit.client.unix_http import unix_client
from panels.dialogs.funds.qr import qr_lines
import httpx

client = unix_client(Path("/nonexistent/desk.sock"), 1)
for name in MODULES:
    _import(name, None)
before = set(sys.modules)

async def ask():
    try:
        await client.get("/state")
    except httpx.ConnectError:
        pass

asyncio.run(ask())
qr_lines("bc1qexample")
import textual.system_commands
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("encodings")))
"""


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """The collector of the process of the tests as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def test_no_dialog_parses_styles_after_the_warm_up(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, idle_plan=idle_plan()) as driven:
        app = driven.app
        await seen(driven.pilot, lambda: not app.idle_work.left)
        assert gc.get_threshold() == RARE_GC
        known = set(app.stylesheet.source)
        dialogs = [kind for kind in own_widgets() if issubclass(kind, Dialog)]
        assert len(dialogs) > 20
        for kind in dialogs:
            assert {where for where, *_ in kind.__new__(kind)._get_default_css()} <= known, kind
        parsed: list[Stylesheet] = []
        parse = Stylesheet.parse

        def counted(sheet: Stylesheet) -> None:
            parsed.append(sheet)
            parse(sheet)

        monkeypatch.setattr(Stylesheet, "parse", counted)
        for action, title in ACTIONS.items():
            await app.run_action(action)
            await driven.opens(title)
            await driven.press("escape")
            await seen(driven.pilot, lambda: len(app.screen_stack) == 1)
            assert not parsed, f"{action} brought {set(app.stylesheet.source) - known}"


def test_what_is_imported_late_is_imported_by_the_warm_up() -> None:
    found = subprocess.run([sys.executable, "-c", FIRST_USES], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [], "cockpit/app/terminal/warm_up.py lacks these modules"
    assert len(set(MODULES)) == len(MODULES)


async def test_what_was_drawn_of_a_closed_dialog_is_let_go(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, idle_plan=IdlePlan(rest=IdleGarbage().collect)) as driven:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*RARE_GC)
        kept = []
        for _ in range(4):
            for _ in range(2):
                await driven.press("l")
                await driven.opens("Limits")
                await driven.press("escape")
                await driven.hides("Limits")
            await seen(driven.pilot, lambda: gc.get_count()[0] <= YOUNG_MOST)
            gc.collect()
            kept.append(sum(isinstance(item, StylesCache) for item in gc.get_objects()))
        assert kept[-1] <= kept[0] + 60, f"closed dialogs are kept: {kept}"


async def test_a_closed_dialog_is_garbage_at_once(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("l")
        await driven.opens("Limits")
        dialog = weakref.ref(driven.app.screen)
        await driven.press("escape")
        await driven.hides("Limits")

        def gone() -> bool:
            gc.collect()
            return dialog() is None

        await seen(driven.pilot, gone)


def test_garbage_is_collected_while_nothing_is_to_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    young, passes = [0], []
    monkeypatch.setattr(gc, "get_count", lambda: (young[0], 0, 0))
    monkeypatch.setattr(gc, "collect", lambda generation=2: passes.append(generation))
    garbage = IdleGarbage()
    garbage.collect()
    assert passes == []
    young[0] = YOUNG_MOST + 1
    for _ in range(PASSES):
        garbage.collect()
    assert passes == [1] * PASSES
    young[0] = 0
    for _ in range(RESTS - 1):
        garbage.collect()
    assert passes == [1] * PASSES, "a full pass waits for a longer rest"
    garbage.collect()
    assert passes[PASSES:] == [2]
    for _ in range(RESTS):
        garbage.collect()
    assert passes[PASSES:] == [2]
    young[0] = YOUNG_MOST + 1
    for _ in range(MOST_PASSES + 1):
        garbage.collect()
    assert passes[PASSES:] == [2, *[1] * MOST_PASSES, 2], "it does not wait for a rest for ever"


class Waiting:
    """An app of which only what idle work looks at is there."""

    def __init__(self) -> None:
        self.message_queue_size = 0
        self.screen_stack: list[object] = ["board"]


def test_idle_work_waits_for_keys_and_for_what_is_to_be_done() -> None:
    app, done, key_waits = Waiting(), list[str](), [True]
    plan = IdlePlan((lambda _: done.append("step"),), lambda: done.append("rest"))
    work = IdleWork(cast(App[None], app), plan, lambda: key_waits[0])
    work._step()
    assert not done, "a key is being handled"
    key_waits[0] = False
    app.message_queue_size = 1
    work._step()
    assert not done, "something waits"
    app.message_queue_size = 0
    work.look()
    assert not done, "the steps come first"
    work._step()
    assert done == ["step"]
    key_waits[0] = True
    work.look()
    assert done == ["step"]
    key_waits[0] = False
    app.screen_stack.append("dialog")
    work.look()
    assert done == ["step"], "what an open dialog is made of would be taken for old"
    app.screen_stack.pop()
    work.look()
    assert done == ["step", "rest"]
