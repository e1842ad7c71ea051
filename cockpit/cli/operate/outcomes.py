"""What became of a command, for a person and as JSON, and the exit code that says it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.cli.common import DONE, REFUSED, UNKNOWN
from cockpit.cli.messages import CHECK_FIRST, disconnected, unknown_outcome
from cockpit.client.desk_client import DeskClient, Outcome, UnknownOutcome
from cockpit.model.snapshot import Snapshot
from cockpit.processes.echo import echo, echo_json


def exit_code(outcome: Outcome) -> int:
    if isinstance(outcome, UnknownOutcome):
        return UNKNOWN if outcome.sent else REFUSED
    return DONE if outcome.accepted else REFUSED


def document(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON has it: ``accepted`` is null where no reply came, ``sent`` whether it left."""
    if isinstance(outcome, UnknownOutcome):
        return {
            "command_id": outcome.command_id,
            "command": outcome.command,
            "accepted": None if outcome.sent else False,
            "reason": outcome.reason,
            "at_ns": None,
            "sent": outcome.sent,
        }
    return {**msgspec.to_builtins(outcome), "sent": True}


def print_outcome(outcome: Outcome, *, as_json: bool = False, next_step: str = CHECK_FIRST) -> int:
    """Print what became of a command; its exit code. ``next_step`` is said where no reply came."""
    if as_json:
        print_json(document(outcome))
    elif isinstance(outcome, UnknownOutcome):
        echo(unknown_outcome(outcome, next_step), err=True)
    else:
        echo(outcome.reason, err=not outcome.accepted)
    return exit_code(outcome)


def print_json(found: Mapping[str, Any] | msgspec.Struct) -> None:
    echo_json(msgspec.json.format(msgspec.json.encode(found)).decode())


def print_problem(text: str, *, as_json: bool) -> None:
    """Print why there is no answer: on standard error, or as JSON."""
    if as_json:
        print_json({"error": text})
    else:
        echo(text, err=True)


async def newest(link: DeskClient, *, as_json: bool = False, quiet: bool = False) -> Snapshot | None:
    """Return the desk's next snapshot; None, once it is said why unless ``quiet``, when there is none."""
    async for shot in link.snapshots():
        if isinstance(shot, Snapshot):
            return shot
        if not quiet:
            print_problem(disconnected(shot), as_json=as_json)
        return None
    return None
