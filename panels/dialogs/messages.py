"""Texts of the dialogs that stand in several places, or that tests wait for."""

from cockpit.model.commands import Part
from cockpit.model.formatting import counted
from panels.kit.labels import part_name
from panels.kit.messages import STARTUP_FINDINGS, already

BLOCKED = "Not possible"
NOT_YET = "Not yet"
RETRY = "Retry"
RETRY_SAME_KEY = "Retry with the same key"
NO_REASON = "no reason given"

UNKNOWN = "outcome unknown"
MAY_HAVE_DONE_IT = "The desk may have done it; check the status bar."
FOUND_IN_JOURNAL = "(found in the desk's journal)"
CONNECTION_LOST = "the connection to the desk was lost"
OUTCOME_UNKNOWN = "The outcome is UNKNOWN"
ORDER_NOT_SENT = "Nothing was sent: the desk did not get the order"
NOT_CONNECTED_YET_QUIT = "Not connected to the desk yet. If one is running, you can leave it running or stop it."
NO_FINDINGS = "No previous run to report: this is the first one, or the desk has not connected yet."
FINDINGS_TITLE = STARTUP_FINDINGS
WITHDRAWALS_FROZEN = "Withdrawals are frozen."
ROW_IS_GONE = "this row is gone"
ESC_CLOSES = "esc closes"
ESC_CANCELS = "esc cancels"
ESC_BACK = "esc goes back"
ENTER_NEVER = "Enter never does this: press space"
AGAIN_LEAVES = "^c again leaves it running"
AGAIN_QUITS = "^c again quits"
LEAVE_RUNNING = "Leave the desk running"
QUIT = "Quit"
END_SANDBOX = "End the sandbox"
ENTER_LEAVES = "space does nothing here now; enter or esc closes"
HELD_KEYS_DROPPED = "Typed before the dialog could take it, and too much or too early: nothing of it was taken"
SPACE_TOGGLES = "space shows or hides it"
LAST_COLUMN = "one column stays"
NOTE_IS_EMPTY = "Type a note first."
SCROLLS = "↑ ↓ scroll"
NEXT_CONTROL = "tab: next"
STILL_THERE = "Still there?"
ANY_KEY_ANSWERS = "any key answers"
NOTHING_CHANGED = "No limit was changed."
NO_VALUE_CHANGED = "No value was changed."
UNTIL_RESTART = "In force from the next decision until the desk ends; its next start returns to the settings."
PREVIEW_FIRST = "change a value and preview it first"
PREVIEWING = "◌ Deciding the last hour's requests again…"
EVERYTHING_DISARMED = "Everything is disarmed now. Stop the desk or leave it running."
SAME_KEY_IS_SAFE = "retrying with the same key is safe"
CHECK_BEFORE_NEW_ORDER = f"Do not place a new order. Check the list of withdrawals; {SAME_KEY_IS_SAFE}."

CHART_ENDS = "The chart shows 1 minute at least and 7 days at most."


def values_unknown_here(count: int) -> str:
    """Say that a preset has values that this cockpit does not know."""
    one = "1 value" if count == 1 else f"{count} values"
    return f"The preset sets {one} that this cockpit does not know: not filled in. Update the cockpit."


def armed_already(part: Part) -> str:
    return already(f"the {part_name(part)} is", "armed")


def closed_unattended(title: str) -> str:
    return f"“{title}” closed after two minutes without input. Nothing was sent."


def command_sent(command_id: str) -> str:
    return f"◌ Command {command_id} sent; waiting for the desk…"


def order_sent(key: str) -> str:
    return f"◌ Order {key} sent; waiting for the desk…"


def unknown_outcome(command: str, reason: str) -> str:
    return f"? {command}: {UNKNOWN} ({reason}). {MAY_HAVE_DONE_IT}"


def copied(what: str) -> str:
    """Say what went to the terminal's clipboard, which the terminal may refuse without a word."""
    return f"Copied to the terminal's clipboard: {what}"


def retry(verb: str) -> str:
    return f"Retry {verb.lower()}"


def first_finding(finding: str) -> str:
    """Announce the findings of the start, and say where the others are."""
    return f"{finding}; ^p “{FINDINGS_TITLE}” shows more"


def typed_early(key: str) -> str:
    """Say that a key did not count, since it was typed before what it would have pressed was shown."""
    return f"{key} came before this was shown: press it again"


def names_commands(text: str, count: int) -> str:
    """Say why Enter ran no command of the palette, before its list was there."""
    if not text.strip():
        return "Enter came before the commands were shown: choose one"
    what = f"names {counted(count, 'command')}" if count else "names no command"
    return f"“{shortened(text.strip())}” {what}: choose one from the list"


def shortened(text: str) -> str:
    """Return the text, or as much of it as a sentence has room for."""
    return text if len(text) <= 20 else f"{text[:19]}…"


def does_nothing(key: str) -> str:
    return f"{key} does nothing here"
