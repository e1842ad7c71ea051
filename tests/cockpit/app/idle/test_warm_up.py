"""What a first opening of a dialog does once is done before it: no module is imported by it, and no style is parsed."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
from textual.css.stylesheet import Stylesheet

from cockpit.app.idle.warm_up import MODULES, idle_plan, own_widgets
from cockpit.app.terminal.process import RARE_GC
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
from cockpit.app.idle.warm_up import MODULES, _import
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
    assert found.stdout.split() == [], "cockpit/app/idle/warm_up.py lacks these modules"
    assert len(set(MODULES)) == len(MODULES)
