"""The table of keys, from the table of actions that the cockpit itself uses."""

from itertools import groupby

from panels.kit.actions import ACTIONS, Action
from panels.kit.keymap import display


def key_table() -> str:
    """Every action with its keys, in the groups of the help screen; ``id`` is its name in keys.toml."""
    rows = ["| group | keys | id in `keys.toml` | action |\n", "|---|---|---|---|\n"]
    by_group = sorted(ACTIONS, key=_group)
    for group, actions in groupby(by_group, key=lambda action: action.group):
        for position, action in enumerate(actions):
            rows.append(f"| {'' if position else group} | {_keys(action)} | `{action.id}` | {action.help} |\n")
    return "".join(rows)


def _group(action: Action) -> int:
    return list(dict.fromkeys(one.group for one in ACTIONS)).index(action.group)


def _keys(action: Action) -> str:
    return " ".join(f"`{display(key)}`" for key in action.keys) or "palette only"
