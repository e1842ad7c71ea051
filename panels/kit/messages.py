"""Sentences that more than one widget shows."""

NO_CONNECTION = "no connection to the desk; the result could not be confirmed"
"""Why a command is unavailable while the snapshot is not recent."""
NO_DATA_YET = "waiting for the first data from the desk"
"""Why an action is unavailable before the first snapshot."""
NOTHING_SENT_WITHOUT_CONNECTION = "No connection to the desk. Nothing was sent; wait until it is connected."
DISCONNECTED = "DISCONNECTED"
NO_DATA = "NO DATA"
NO_LIVE_QUOTES = "no live quotes"
LAST_KNOWN_STATE = "Not connected to the desk. Last known state:"
STALE_SCREEN = "The screen was out of date when you pressed the key. Nothing was sent; check the state and try again."
TERMS_CHANGED = "The terms changed while this dialog was open. Close it and open it again."
RECONNECTING = "reconnecting automatically"
CONNECTED_WITHOUT_DATA = "connected, but the desk sends no new data"
STARTUP_FINDINGS = "Startup findings"
NO_REASON_GIVEN = "no reason given"
NO_LONGER_LISTED = "no longer: last known state"
NO_ROW = "no row is listed here"
NO_COLOR_IS_SET = "NO_COLOR is set"


def own_command(mode: str) -> str:
    """Name the command of this desk's cockpit: in a rehearsal `cockpit` alone would start a desk that trades."""
    return "`cockpit sandbox`" if mode == "SANDBOX" else "`cockpit`"


def desk_stopped(actor: str, mode: str) -> str:
    """Say who stopped the desk, and what to do."""
    return f"the desk was stopped by {actor}; q leaves, then {own_command(mode)} starts it again"


def unavailable(reason: str) -> str:
    """Name the reason why an action cannot be used now."""
    return f"unavailable: {reason}"


def too_old_to_quote(refresh_key: str) -> str:
    """Say that nothing is quoted on stale data, and which key reads it again."""
    return f"too old to quote; {refresh_key} refreshes"


def no_data_about(what: str) -> str:
    """Say that something is unknown because no snapshot has arrived."""
    return f"No data from the desk yet: {what} unknown."


def already(subject: str, state: str) -> str:
    """Give the reason why an action is unavailable whose result is there: "the executor is already armed"."""
    return f"{subject} already {state}"


def is_already(reason: str) -> bool:
    """Whether an action is unavailable only because its result is there."""
    return reason.split()[-2:-1] == ["already"]


def result_there(reason: str) -> str:
    """Return what is there: "executor armed" of "the executor is already armed"."""
    words = reason.removeprefix("the ").split()
    return " ".join([*words[:-3], words[-1]])


def too_small_to_decide(here: str, least: str) -> str:
    """Say why a terminal of this size lets nobody decide, and what to do."""
    return f"in {here} what this leads to cannot be seen; enlarge the terminal to {least}"


def goes_on(down: str, history: str) -> str:
    """Say below the last row of a live list how to see older ones."""
    return f"{down} or {history} on the last row: older ones, from history"


def arrived(count: int, newest_key: str, *, or_more: bool) -> str:
    """Say how many rows came since the list was left, and which key goes to the newest."""
    return f"↑ {count:,}{'+' if or_more else ''} new, {newest_key} follows"
