"""Which key does what here: the table of actions, with what the operator's own file of keys changes in it."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from textual.binding import Binding, BindingsMap
from textual.keys import KEY_ALIASES, Keys, format_key

from panels.kit.actions import ACTIONS, NAVIGATION, Action, Scope
from panels.kit.textual_internals import character_key

KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
"""Letters as they lie side by side; each row is a little to the right of the one above."""

ALIASES = {alias: key for key, aliases in KEY_ALIASES.items() for alias in aliases} | {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "pgup": "pageup",
    "pgdn": "pagedown",
}
"""Other names of a key; a terminal sends the same for some, such as enter and ctrl+m."""
PRINTED = frozenset(character_key(chr(code)) for code in range(33, 127))
NAMED = frozenset(key.value for key in Keys) | PRINTED
SHORT = {"home": "home", "end": "end", "tab": "tab", "shift+tab": "S-tab", "enter": "enter", "escape": "esc"}
PALETTE_ONLY = "palette"
DEFAULT_KEYS = "the default keys are used"
LINE_IGNORED = "this line is ignored"


class KeyMap(msgspec.Struct, frozen=True):
    """The actions with their keys. ``problems``: the lines of the keys file that are ignored, and why."""

    actions: tuple[Action, ...] = ACTIONS
    problems: tuple[str, ...] = ()

    def shown(self, ident: str) -> str:
        """Return the first key of an action as people write it."""
        action = next((action for action in self.actions if action.id == ident), None)
        return display(action.keys[0]) if action is not None and action.keys else PALETTE_ONLY

    def bindings(self, scope: Scope) -> BindingsMap:
        """Return the bindings of the app, or of a list of rows."""
        return BindingsMap(
            Binding(
                key,
                action.action,
                action.name,
                show=False,
                priority=action.anywhere or (action.over_dialogs and key.startswith("ctrl+")),
                tooltip=action.help,
                id=action.id,
            )
            for action in self.actions
            if action.scope == scope
            for key in action.keys
        )


def display(key: str) -> str:
    """Write a key for people: ctrl+x is ^x, question_mark is ?."""
    if key in SHORT:
        return SHORT[key]
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    return format_key(key)


def displayed(action: Action) -> str:
    """Write all keys of an action for people."""
    return " ".join(display(key) for key in action.keys) or PALETTE_ONLY


def neighbours(letter: str) -> frozenset[str]:
    """Return the letters around one on the keyboard, and itself; empty for anything else."""
    for row, letters in enumerate(KEYBOARD):
        column = letters.find(letter.lower())
        if column < 0:
            continue
        near = {letters[max(0, column - 1) : column + 2]}
        near |= {KEYBOARD[row - 1][column : column + 2]} if row else set()
        near |= {KEYBOARD[row + 1][max(0, column - 1) : column + 1]} if row + 1 < len(KEYBOARD) else set()
        return frozenset("".join(near))
    return frozenset()


def key_name(text: str) -> str | None:
    """Return Textual's name of a key that a person wrote ("?", "ctrl+x", "f5"); None when there is no such key."""
    if len(text) == 1:
        return character_key(text) if text.isprintable() and text != " " else None
    name = text.lower()
    name = ALIASES.get(name, name)
    *modifiers, last = name.split("+")
    if any(modifier not in ("ctrl", "shift", "alt") for modifier in modifiers):
        return None
    return name if name in NAMED or (modifiers and last in NAMED) else None


def read_keys(path: Path, *, named: bool) -> KeyMap:
    """Read the keys file (TOML); lines that are wrong are ignored and listed in ``problems``, the others apply.

    ``named``: the operator named the file, so that its absence is a problem too.
    """
    import tomllib

    if not named and not path.exists():
        return KeyMap()
    try:
        if os.stat(path).st_size > 100_000:
            return KeyMap(problems=(f"{path}: the file is too long; {DEFAULT_KEYS}",))
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return KeyMap(problems=(f"{path}: {why}; {DEFAULT_KEYS}",))
    return remapped(flat(given))


def flat(table: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Join the nested names of a TOML table by dots, so that both ``arm.strategy`` and ``[arm]`` may be written."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{above}{name}.")
        else:
            found[above + name] = value
    return found


def remapped(given: Mapping[str, Any], actions: tuple[Action, ...] = ACTIONS) -> KeyMap:
    """Give the actions the keys in ``given``, by id. A line that is wrong leaves its action as it was."""
    problems: list[str] = []
    wanted: dict[str, tuple[str, ...]] = {}
    by_id = {action.id: action for action in actions}
    for ident, value in given.items():
        if ident not in by_id:
            close = difflib.get_close_matches(ident, by_id, 1)
            problems.append(f"{ident}: no such action" + (f"; did you mean {close[0]}?" if close else ""))
            continue
        keys, wrong = _keys(ident, value)
        problems += wrong
        if not wrong:
            wanted[ident] = keys
    for ident in [ident for ident in wanted if by_id[ident].anywhere]:
        kept = by_id[ident].keys
        if missing := [key for key in kept if key not in wanted[ident]]:
            problems.append(f"{ident}: {', '.join(missing)} cannot be removed and works beside your keys")
        wanted[ident] = tuple(dict.fromkeys((*kept, *wanted[ident])))
    held, problem = _held(actions, by_id, wanted)
    while problem:
        # An action whose line is ignored holds its own keys before any other line may ask for them.
        ident, text = problem
        problems.append(text)
        del wanted[ident]
        held, problem = _held(actions, by_id, wanted)
    changed = tuple(msgspec.structs.replace(action, keys=held[action.id]) for action in actions)
    return KeyMap(changed, tuple(f"keys: {problem}" for problem in problems))


def _held(
    actions: Iterable[Action], by_id: Mapping[str, Action], wanted: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, str] | None]:
    """Return the keys of every action; or the first one whose wanted keys cannot be given, and why."""
    held = {action.id: action.keys for action in actions if action.id not in wanted}
    # What works anywhere takes its keys first, so that no other line of the file can have them.
    for ident, keys in sorted(wanted.items(), key=lambda pair: not by_id[pair[0]].anywhere):
        owners = {key: owner for owner, theirs in held.items() for key in theirs}
        problem = _clash(by_id[ident], keys, owners) or _slip(by_id, ident, {**held, ident: keys})
        if problem:
            return held, (ident, problem)
        held[ident] = keys
    return held, None


def _keys(ident: str, value: Any) -> tuple[tuple[str, ...], list[str]]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return (), [f'{ident}: expected a key as text, or a list of them: "f5" or ["f5", "z"]']
    names = {text: key_name(text) for text in texts}
    wrong = [f"{ident}: {text!r} is not a key" for text, name in names.items() if name is None]
    return tuple(dict.fromkeys(name for name in names.values() if name is not None)), wrong


def _clash(action: Action, keys: Iterable[str], owners: Mapping[str, str]) -> str:
    taken = [f"{display(key)} belongs to {owners[key]}" for key in keys if key in owners]
    return f"{action.id}: {', '.join(taken)}; {LINE_IGNORED}" if taken else ""


def _slip(by_id: Mapping[str, Action], ident: str, held: Mapping[str, tuple[str, ...]]) -> str:
    """Say which dangerous bare letter lies beside a navigation key, where a slip of the finger could let money move."""
    for danger, keys in held.items():
        if not by_id[danger].danger:
            continue
        for move, others in held.items():
            if by_id[move].group not in NAVIGATION or ident not in (danger, move):
                continue
            for key in keys:
                near = neighbours(key) if len(key) == 1 else frozenset()
                for other in others:
                    if len(other) == 1 and other.lower() in near:
                        return (
                            f"{ident}: {display(key)} ({danger}) is next to {display(other)} ({move}) on the keyboard; "
                            f"{LINE_IGNORED}"
                        )
    return ""
