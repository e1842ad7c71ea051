"""One table of everything a key can do: it feeds the bindings, the footer, the help screen and the command palette."""

from typing import Literal

import msgspec

from panels.kit.messages import STARTUP_FINDINGS

Scope = Literal["app", "rows"]


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What a key does. ``danger`` marks what can let money move; ``anywhere`` works over any dialog.

    ``over_dialogs``: its keys with ctrl work over dialogs, too; its others may be typed there.

    ``keys`` are Textual's names of keys ("ctrl+x", "slash"); without one it is in the palette only. ``name`` is
    shown in the footer, ``help`` on the help screen and in the palette. ``scope``: everywhere or in a panel.
    """

    id: str
    keys: tuple[str, ...]
    name: str
    help: str
    action: str
    group: str
    scope: Scope = "app"
    danger: bool = False
    anywhere: bool = False
    over_dialogs: bool = False
    footer: bool = False
    palette: bool = True


NAVIGATION = ("Move", "Rows")
"""Groups of keys that are pressed without a thought."""


PANELS: tuple[tuple[str, str], ...] = (
    ("market", "Market"),
    ("inventory", "Inventory"),
    ("interlocks", "Interlocks"),
    ("health", "Health"),
    ("decisions", "Decisions"),
    ("quotes", "Quotes"),
    ("executions", "Fills"),
    ("deposits", "Funds"),
    ("log", "Log"),
    ("earnings", "P&L"),
)
"""The panels' ids and titles, in the order of their number keys; the tenth is 0."""

SPELT_OUT = {
    "earnings": "P&L",
    "deposits": "funds: deposits and withdrawals",
    "interlocks": "interlocks and the arming ladder",
}


def _jump(number: int, ident: str, title: str) -> Action:
    return Action(
        id=f"jump.{ident}",
        keys=(str(number % 10),),
        name=title,
        help=f"Go to {SPELT_OUT.get(ident, title.lower())}",
        action=f"jump('{ident}')",
        group="Move",
    )


ACTIONS: tuple[Action, ...] = (
    Action(
        id="arm.strategy",
        keys=("ctrl+s",),
        name="Arm strategy",
        help="Arm the strategy: asks first",
        action="arm('strategy-engine')",
        group="Trade",
        danger=True,
        footer=True,
    ),
    Action(
        id="arm.executor",
        keys=("ctrl+e",),
        name="Arm executor",
        help="Arm the executor: asks first",
        action="arm('trade-executor')",
        group="Trade",
        danger=True,
        footer=True,
    ),
    Action(
        id="disarm",
        keys=("ctrl+x",),
        name="DISARM",
        help="Disarm everything: never asks, works in dialogs too",
        action="disarm",
        group="Trade",
        anywhere=True,
        footer=True,
    ),
    *(
        Action(
            id=f"disarm.{name}",
            keys=(),
            name=f"Disarm only the {name}",
            help=f"Disarm the {name} now; the {other} stays as it is",
            action=f"disarm_part('{part}')",
            group="Trade",
        )
        for name, other, part in (
            ("strategy", "executor", "strategy-engine"),
            ("executor", "strategy", "trade-executor"),
        )
    ),
    Action(
        id="stop.hard",
        keys=("ctrl+o",),
        name="Hard stop",
        help="Disarm everything and burn live quotes: asks first",
        action="hard_stop",
        group="Trade",
        danger=True,
    ),
    Action(
        id="findings",
        keys=(),
        name=STARTUP_FINDINGS,
        help="Show what the start found about the previous run",
        action="findings",
        group="View",
    ),
    Action(
        id="limits",
        keys=("l",),
        name="Limits",
        help="Show or change the limits for quotes",
        action="limits",
        group="Trade",
    ),
    Action(
        id="pricing",
        keys=("p",),
        name="Pricing",
        help="Show or change spreads, skew, target, sizes, lifetimes",
        action="pricing",
        group="Trade",
    ),
    Action(
        id="trading",
        keys=("ctrl+t",),
        name="Trading state",
        help="Show or set the trading state",
        action="trading",
        group="Trade",
        danger=True,
    ),
    Action(
        id="withdraw",
        keys=("w",),
        name="Withdraw",
        help="Withdraw: form, review, confirmation",
        action="withdraw",
        group="Funds",
        danger=True,
        footer=True,
    ),
    Action(
        id="deposit",
        keys=("d",),
        name="Deposit",
        help="Show deposit addresses; report a deposit to the bridge",
        action="deposit",
        group="Funds",
        footer=True,
    ),
    Action(
        id="freeze.withdrawals",
        keys=(),
        name="Freeze withdrawals",
        help="Freeze withdrawals now: never asks",
        action="freeze_withdrawals",
        group="Funds",
    ),
    Action(
        id="track",
        keys=(),
        name="Track a withdrawal",
        help="Follow a withdrawal made elsewhere by its NEAR hash",
        action="track",
        group="Funds",
    ),
    Action(
        id="key",
        keys=(),
        name="Signing key",
        help="Show the signing key; register it with the Verifier",
        action="signing_key",
        group="Funds",
        danger=True,
    ),
    Action(
        id="note",
        keys=("N",),
        name="Note",
        help="Write a note into the journal; the log shows it",
        action="note",
        group="View",
    ),
    Action(
        id="refresh",
        keys=("r",),
        name="Refresh",
        help="Read prices, balances and deposits again now",
        action="refresh_desk",
        group="View",
    ),
    Action(
        id="freeze",
        keys=("space",),
        name="Freeze",
        help="Freeze the panels; the status bar stays live",
        action="freeze",
        group="View",
    ),
    Action(
        id="zoom",
        keys=("z",),
        name="Zoom",
        help="Toggle full screen for the focused panel",
        action="zoom",
        group="View",
    ),
    Action(
        id="history",
        keys=("H",),
        name="History",
        help="Page back through what was recorded; rows open traces",
        action="history",
        group="View",
    ),
    Action(
        id="chart.longer",
        keys=("minus",),
        name="Longer chart",
        help="Chart of a longer time, up to 7 days",
        action="zoom_chart(1)",
        group="View",
    ),
    Action(
        id="chart.shorter",
        keys=("plus", "equals_sign"),
        name="Shorter chart",
        help="Chart of a shorter time, down to 1 minute",
        action="zoom_chart(-1)",
        group="View",
    ),
    Action(
        id="earnings.since",
        keys=("s",),
        name="P&L since",
        help="Choose the time from which P&L counts, too",
        action="earned_since",
        group="View",
    ),
    Action(
        id="acknowledge",
        keys=("a",),
        name="Acknowledge",
        help="Acknowledge faults and alerts; faults stay in the log",
        action="acknowledge",
        group="View",
    ),
    Action(
        id="theme",
        keys=("t",),
        name="Theme",
        help="Next theme; the palette lists them all",
        action="theme",
        group="View",
    ),
    Action(
        id="times",
        keys=("U",),
        name="Times",
        help="Show times instead of ages, or ages again",
        action="times",
        group="View",
    ),
    Action(
        id="rewind",
        keys=("R",),
        name="Rewind",
        help="Rewind the board to the row's moment, or to now",
        action="rewind",
        group="Rewind",
    ),
    *(
        Action(id=f"rewind.{id}", keys=(key,), name=name, help=help, action=action, group="Rewind")
        for id, key, name, help, action in (
            ("event.back", "comma", "Event back", "To the event before; ← goes back a second", "step('event', -1)"),
            ("event", "full_stop", "Event on", "To the next event; → goes on a second", "step('event', 1)"),
            ("fill.back", "F", "Fill back", "To the fill before", "step('fill', -1)"),
            ("fill", "f", "Fill on", "To the next fill", "step('fill', 1)"),
            ("time", "at", "To a time", "Rewind to a time of your choice", "rewind_to_time"),
        )
    ),
    *(_jump(number, ident, title) for number, (ident, title) in enumerate(PANELS, start=1)),
    *(
        Action(id=id, keys=keys, name=name, help=help, action=action, group=group, scope="rows", palette=False)
        for group, id, keys, name, help, action in (
            ("Move", "next", ("tab",), "Next panel", "Go to the next panel", "app.turn(1)"),
            ("Move", "previous", ("shift+tab",), "Previous panel", "Go to the previous panel", "app.turn(-1)"),
            (
                "Move",
                "side.left",
                ("left", "h"),
                "Left",
                "Go to the column on the left; rewound: a second back",
                "app.side(-1)",
            ),
            (
                "Move",
                "side.right",
                ("right",),
                "Right",
                "Go to the column on the right; rewound: a second on",
                "app.side(1)",
            ),
            ("Rows", "rows.down", ("down", "j"), "Down", "One row down; the view stays on that row", "move(1)"),
            ("Rows", "rows.up", ("up", "k"), "Up", "One row up", "move(-1)"),
            ("Rows", "rows.page_down", ("pagedown",), "Page down", "One page down", "page(1)"),
            ("Rows", "rows.page_up", ("pageup",), "Page up", "One page up", "page(-1)"),
            ("Rows", "rows.newest", ("g", "home"), "Newest", "Back to the newest row, and follow it", "newest"),
            ("Rows", "rows.oldest", ("G", "end"), "Oldest", "To the oldest row", "oldest"),
            ("Rows", "rows.open", ("enter",), "Open", "Show everything about the row", "open"),
            ("Rows", "rows.copy", ("y",), "Copy", "Copy the row's id or hash to the clipboard", "copy"),
            ("Rows", "rows.filter", ("slash",), "Filter", "Filter the rows: side:sell reason:stale >100", "filter"),
            (
                "Rows",
                "columns.left",
                ("less_than_sign", "shift+left"),
                "Columns left",
                "Shift the columns back",
                "shift_columns(-1)",
            ),
            (
                "Rows",
                "columns.right",
                ("greater_than_sign", "shift+right"),
                "Columns right",
                "Shift to what is cut",
                "shift_columns(1)",
            ),
            ("Rows", "rows.order", ("b",), "By", "Order the rows by the next column", "order"),
            ("Rows", "rows.reverse", ("B",), "Reverse", "Reverse the order of the rows", "reverse"),
            ("Rows", "columns.choose", ("c",), "Columns", "Choose the columns of the panel", "choose_columns"),
            (
                "Rows",
                "rows.clear",
                ("escape",),
                "Clear",
                "Drop the filter, then follow the newest; rewound: live",
                "clear",
            ),
        )
    ),
    Action(
        id="tour",
        keys=("T",),
        name="Tour",
        help="Start or leave the seven-step tour of the sandbox",
        action="tour",
        group="Cockpit",
    ),
    Action(
        id="tour.skip",
        keys=("n",),
        name="Next step of the tour",
        help="Skip a step of the tour, or decline the tour",
        action="skip_tour",
        group="Cockpit",
    ),
    Action(
        id="help",
        keys=("question_mark",),
        name="Help",
        help="Show all keys",
        action="help",
        group="Cockpit",
        footer=True,
    ),
    Action(
        id="palette",
        keys=("ctrl+p",),
        name="Palette",
        help="Find a command by its name",
        action="command_palette",
        group="Cockpit",
        palette=False,
    ),
    Action(
        id="quit",
        keys=("q", "ctrl+q", "ctrl+c"),
        name="Quit",
        help="Quit: asks what becomes of the desk; ^c twice leaves it",
        action="quit",
        group="Cockpit",
        over_dialogs=True,
        footer=True,
    ),
    Action(
        id="suspend",
        keys=("ctrl+z",),
        name="Suspend",
        help="Suspend the cockpit; fg in the shell resumes it",
        action="suspend_process",
        group="Cockpit",
        over_dialogs=True,
    ),
)
