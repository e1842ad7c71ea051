"""Texts that several commands print."""

from pathlib import Path

from cockpit.client.desk_client import ConnectionLost, UnknownOutcome
from cockpit.model.recorded.names import short_names

NOTHING_SENT = "Nothing was sent."
CHECK_FIRST = "The desk may have done it; check the cockpit before you repeat it."
SAME_KEY = "The desk may have done it; repeating a withdrawal with the same key is safe."
NO_SANDBOX = "No sandbox is running; start one with `cockpit sandbox`."


def unknown_outcome(outcome: UnknownOutcome, next_step: str = CHECK_FIRST) -> str:
    """Describe a command without an answer; ``next_step`` is added if it may have reached the desk."""
    if outcome.sent:
        return f"{short_names(outcome.command)}: no reply ({outcome.reason}). {next_step}"
    return f"{short_names(outcome.command)}: {outcome.reason}. {NOTHING_SENT}"


def disconnected(lost: ConnectionLost) -> str:
    return f"not connected to the desk: {lost.reason}"


def no_desk(socket: Path, *, sandbox: bool) -> str:
    """Say that nobody listens there; ``sandbox``: whether a sandbox runs, which may be what was meant."""
    hint = "A sandbox is running: --sandbox asks its desk." if sandbox else "For a sandbox: --sandbox."
    return f"No desk is running here ({socket}). {hint}"
