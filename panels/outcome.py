"""What became of a command, in words; no answer is never shown as done."""

from typing import Literal, NamedTuple

from cockpit.commands import Result
from cockpit.link import Outcome, Unknown

Severity = Literal["information", "warning", "error"]


class Said(NamedTuple):
    """A sentence and how loud it is. ``done`` only when the desk said that it did it."""

    text: str
    severity: Severity
    done: bool


def say(outcome: Outcome) -> Said:
    """The sentence about an outcome."""
    if isinstance(outcome, Unknown):
        if not outcome.sent:
            return Said(f"{outcome.command}: not sent, the desk did not get it ({outcome.reason})", "error", False)
        name = f"{outcome.command} (command {outcome.command_id})" if outcome.command_id else outcome.command
        told = f"? UNKNOWN: {name}: no answer: look at the status bar; the desk may have done it ({outcome.reason})"
        return Said(told, "error", False)
    return _said(outcome)


def _said(result: Result) -> Said:
    if result.accepted:
        return Said(result.reason or f"{result.command}: done", "information", True)
    return Said(f"{result.command} refused: {result.reason or 'no reason given'}", "warning", False)
