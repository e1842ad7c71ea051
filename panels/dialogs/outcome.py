"""What became of a command, in words; no answer is never shown as done."""

from typing import Literal, NamedTuple

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.commands import Result
from cockpit.model.snapshot import Snapshot

Severity = Literal["information", "warning", "error"]


class Message(NamedTuple):
    """A sentence and how loud it is. ``done`` only when the desk said that it did it."""

    text: str
    severity: Severity
    done: bool


def say(outcome: Outcome) -> Message:
    """The sentence about an outcome."""
    if isinstance(outcome, UnknownOutcome):
        if not outcome.sent:
            return Message(f"{outcome.command}: not sent, the desk did not get it ({outcome.reason})", "error", False)
        name = f"{outcome.command} (command {outcome.command_id})" if outcome.command_id else outcome.command
        told = f"? UNKNOWN: {name}: no answer: look at the status bar; the desk may have done it ({outcome.reason})"
        return Message(told, "error", False)
    return _said(outcome)


def found(snapshot: Snapshot | None, command_id: str) -> Result | None:
    """The answer that was lost, out of the desk's journal; None while it is not there."""
    journal = () if snapshot is None or not command_id else snapshot.journal
    row = next((row for row in journal if row.command_id == command_id), None)
    if row is None:
        return None
    told = f"{row.reason} (found in the desk's journal)"
    return Result(command_id=row.command_id, command=row.command, accepted=row.accepted, reason=told, at_ns=0)


def _said(result: Result) -> Message:
    if result.accepted:
        return Message(result.reason or f"{result.command}: done", "information", True)
    return Message(f"{result.command} refused: {result.reason or 'no reason given'}", "warning", False)
