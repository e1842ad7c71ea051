"""The outcome of a command as a message; a command without a reply is never shown as done."""

from typing import Literal, NamedTuple

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.commands import Result
from cockpit.model.recorded.names import short_names
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages

Severity = Literal["information", "warning", "error"]


class Message(NamedTuple):
    """A sentence to a person. ``done`` only where the desk reported that it did what was asked."""

    text: str
    severity: Severity
    done: bool = False


def describe(outcome: Outcome) -> Message:
    command = short_names(outcome.command)
    if isinstance(outcome, UnknownOutcome):
        if not outcome.sent:
            return Message(f"{command}: not sent ({outcome.reason}). Nothing changed.", "error")
        name = f"{command} (command {outcome.command_id})" if outcome.command_id else command
        return Message(messages.unknown_outcome(name, outcome.reason), "error")
    if outcome.accepted:
        return Message(short_names(outcome.reason) or f"{command}: done", "information", True)
    return Message(f"{command} refused: {short_names(outcome.reason) or messages.NO_REASON}", "warning")


def find_in_journal(snapshot: Snapshot | None, command_id: str) -> Result | None:
    """Return the desk's answer to a command whose reply was lost; None while the journal does not list it."""
    journal = () if snapshot is None or not command_id else snapshot.journal
    row = next((row for row in journal if row.command_id == command_id), None)
    if row is None:
        return None
    reason = f"{row.reason} {messages.FOUND_IN_JOURNAL}"
    return Result(command_id=row.command_id, command=row.command, accepted=row.accepted, reason=reason, at_ns=0)
