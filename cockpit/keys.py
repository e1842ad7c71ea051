"""One table of everything a key can do: it feeds the bindings, the footer, the help screen and the command palette."""

from typing import Literal

import msgspec
from textual.binding import Binding, BindingType

Scope = Literal["app", "rows"]


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What a key does. ``danger`` marks what lets money move; ``anywhere`` works over any dialogue.

    ``name`` is the footer's word, ``help`` the sentence of the help screen and the palette. Without a ``key`` it is
    reached from the palette only.
    """

    id: str
    key: str
    shown: str
    name: str
    help: str
    action: str
    group: str
    scope: Scope = "app"
    danger: bool = False
    anywhere: bool = False
    footer: bool = False
    palette: bool = True


SPELT_OUT = {"deposits": "deposits and withdrawals"}


def _jump(number: int, ident: str, title: str) -> Action:
    return Action(
        id=f"jump.{ident}",
        key=str(number),
        shown=str(number),
        name=title,
        help=f"Go to {SPELT_OUT.get(ident, title.lower())}",
        action=f"jump('{ident}')",
        group="Move",
    )


PANELS: tuple[tuple[str, str], ...] = (
    ("market", "Market"),
    ("inventory", "Inventory"),
    ("health", "Health"),
    ("decisions", "Decisions"),
    ("quotes", "Quotes"),
    ("executions", "Executions"),
    ("deposits", "Money"),
)
"""The panels' ids and titles; their number keys follow this order."""

ACTIONS: tuple[Action, ...] = (
    Action(
        id="arm.strategy",
        key="ctrl+s",
        shown="^s",
        name="Arm strategy",
        help="Arm the strategy: asks first",
        action="arm('strategy-engine')",
        group="Trade",
        danger=True,
        footer=True,
    ),
    Action(
        id="arm.executor",
        key="ctrl+e",
        shown="^e",
        name="Arm executor",
        help="Arm the executor: asks first",
        action="arm('trade-executor')",
        group="Trade",
        danger=True,
        footer=True,
    ),
    Action(
        id="disarm",
        key="ctrl+x",
        shown="^x",
        name="DISARM",
        help="Disarm all at once: never asks, works in dialogues too",
        action="disarm",
        group="Trade",
        anywhere=True,
        footer=True,
    ),
    Action(
        id="stop.hard",
        key="ctrl+o",
        shown="^o",
        name="Hard stop",
        help="Disarm all and burn the quotes that are alive: asks first",
        action="hard_stop",
        group="Trade",
        danger=True,
    ),
    Action(
        id="findings",
        key="",
        shown="palette",
        name="What the start found",
        help="Show what the desk found out about the run before it",
        action="findings",
        group="View",
    ),
    Action(
        id="limits",
        key="l",
        shown="l",
        name="Limits",
        help="See and change the limits of what may be quoted",
        action="limits",
        group="Trade",
        danger=True,
    ),
    Action(
        id="trading",
        key="h",
        shown="h",
        name="Trading state",
        help="Halt, reduce or go on: which quotes are made, and why",
        action="trading",
        group="Trade",
        danger=True,
    ),
    Action(
        id="withdraw",
        key="w",
        shown="w",
        name="Withdraw",
        help="Take money out: form, review, confirmation",
        action="withdraw",
        group="Money",
        danger=True,
        footer=True,
    ),
    Action(
        id="deposit",
        key="d",
        shown="d",
        name="Deposit",
        help="Show the deposit addresses, and tell the bridge of a deposit",
        action="deposit",
        group="Money",
        footer=True,
    ),
    Action(
        id="freeze.withdrawals",
        key="",
        shown="palette",
        name="Freeze withdrawals",
        help="Freeze withdrawals again now: never asks",
        action="freeze_withdrawals",
        group="Money",
    ),
    Action(
        id="track",
        key="",
        shown="palette",
        name="Track a withdrawal",
        help="Follow a withdrawal made elsewhere by its NEAR hash",
        action="track",
        group="Money",
    ),
    Action(
        id="key",
        key="",
        shown="palette",
        name="Signing key",
        help="Show the signing key, and register it with the Verifier",
        action="signing_key",
        group="Money",
        danger=True,
    ),
    Action(
        id="refresh",
        key="r",
        shown="r",
        name="Refresh",
        help="Read reference, balances and deposits again now",
        action="refresh_desk",
        group="View",
    ),
    Action(
        id="freeze",
        key="space",
        shown="space",
        name="Freeze",
        help="Freeze the panels to read them; the status bar stays live",
        action="freeze",
        group="View",
    ),
    Action(
        id="zoom",
        key="z",
        shown="z",
        name="Zoom",
        help="Give the focused panel the whole screen, and back",
        action="zoom",
        group="View",
    ),
    Action(
        id="theme",
        key="t",
        shown="t",
        name="Theme",
        help="Change between dark and light",
        action="theme",
        group="View",
    ),
    *(_jump(number, ident, title) for number, (ident, title) in enumerate(PANELS, start=1)),
    Action(
        id="next",
        key="tab",
        shown="tab",
        name="Next panel",
        help="Go to the next panel",
        action="app.turn(1)",
        group="Move",
        scope="rows",
        palette=False,
    ),
    Action(
        id="previous",
        key="shift+tab",
        shown="shift+tab",
        name="Previous panel",
        help="Go to the previous panel",
        action="app.turn(-1)",
        group="Move",
        scope="rows",
        palette=False,
    ),
    Action(
        id="rows.down",
        key="down,j",
        shown="↓ j",
        name="Down",
        help="One row down; the view stays on that row when new ones arrive",
        action="move(1)",
        group="Rows",
        scope="rows",
        palette=False,
    ),
    Action(
        id="rows.up",
        key="up,k",
        shown="↑ k",
        name="Up",
        help="One row up",
        action="move(-1)",
        group="Rows",
        scope="rows",
        palette=False,
    ),
    Action(
        id="rows.page_down",
        key="pagedown",
        shown="pgdn",
        name="Page down",
        help="One page down",
        action="page(1)",
        group="Rows",
        scope="rows",
        palette=False,
    ),
    Action(
        id="rows.page_up",
        key="pageup",
        shown="pgup",
        name="Page up",
        help="One page up",
        action="page(-1)",
        group="Rows",
        scope="rows",
        palette=False,
    ),
    Action(
        id="rows.newest",
        key="home,g",
        shown="home g",
        name="Newest",
        help="Back to the newest row, and follow it",
        action="newest",
        group="Rows",
        scope="rows",
        palette=False,
    ),
    Action(
        id="rows.oldest",
        key="end,G",
        shown="end G",
        name="Oldest",
        help="To the oldest row",
        action="oldest",
        group="Rows",
        scope="rows",
        palette=False,
    ),
    Action(
        id="rows.open",
        key="enter",
        shown="enter",
        name="Open",
        help="Everything about the row",
        action="open",
        group="Rows",
        scope="rows",
        palette=False,
    ),
    Action(
        id="help",
        key="question_mark",
        shown="?",
        name="Help",
        help="Show all keys",
        action="help",
        group="Cockpit",
        footer=True,
    ),
    Action(
        id="palette",
        key="ctrl+p",
        shown="^p",
        name="Palette",
        help="Find a command by its name",
        action="command_palette",
        group="Cockpit",
        palette=False,
    ),
    Action(
        id="quit",
        key="q,ctrl+q,ctrl+c",
        shown="q",
        name="Quit",
        help="Leave: asks what becomes of the desk",
        action="quit",
        group="Cockpit",
        footer=True,
    ),
)


def bindings(scope: Scope) -> list[BindingType]:
    """The key bindings of the app or of a list of rows."""
    return [
        Binding(
            action.key,
            action.action,
            action.name,
            show=action.footer,
            key_display=action.shown,
            priority=action.anywhere,
            tooltip=action.help,
            id=action.id,
        )
        for action in ACTIONS
        if action.scope == scope and action.key
    ]
