"""The terminal's bell, notifications and title as escape sequences. Pure.

OSC 9 (iTerm2, Windows Terminal, WezTerm, kitty) and OSC 777 (urxvt, foot, Ghostty, VTE) both ask the terminal for a
desktop notification; OSC 0 and 2 name the window, and XTWINOPS 22 and 23 keep and restore the name it had.
"""

from collections.abc import Collection

from cockpit.config.notifications import MEANS, Means

KEEP_TITLE = "\x1b[22;2t"
RESTORE_TITLE = "\x1b[23;2t"
MAX_LENGTH = 200


def plain(text: str) -> str:
    """Make it one line without control characters: a text of a desk or venue must not command the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:MAX_LENGTH]


def notification(title: str, body: str, means: Collection[Means]) -> str:
    """Return the sequences that notify by these means, one after the other."""
    heading, text = plain(title), plain(body)
    parts = {
        "bell": "\x07",
        "osc9": f"\x1b]9;{heading}: {text}\x1b\\",
        "osc777": f"\x1b]777;notify;{heading.replace(';', ',')};{text.replace(';', ',')}\x1b\\",
    }
    return "".join(parts[name] for name in MEANS if name in means)


def window_title(text: str) -> str:
    """Return the sequence that names the window, or tmux's pane."""
    return f"\x1b]2;{plain(text)}\x1b\\"
