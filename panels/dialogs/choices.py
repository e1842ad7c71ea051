"""The choices of a command dialog and the texts around them. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from textual.widgets.button import ButtonVariant

from panels.dialogs import messages
from panels.kit.view import View


class Choice(NamedTuple):
    """A button that sends a command.

    ``retry`` is its label while the outcome is unknown; ``name`` stands before its reason where several choices differ.
    """

    id: str
    label: str
    retry: str = messages.RETRY
    name: str = ""
    variant: ButtonVariant = "warning"


def blocked_text(reasons: Mapping[Choice, str]) -> str:
    """Return why choices cannot be used, one line a reason; an empty reason is a choice that can."""
    by_reason: dict[str, list[str]] = {}
    for choice, reason in reasons.items():
        by_reason.setdefault(reason, []).append(choice.name)
    all_alike = len(by_reason) == 1
    return "\n".join(
        f"{messages.BLOCKED if all_alike else ', '.join(names)}: {reason}"
        for reason, names in by_reason.items()
        if reason
    )


def desk_identity(view: View) -> object:
    """Return run, mode and account: a dialog about one desk must not command another. None without a snapshot."""
    snapshot = view.snapshot
    return None if snapshot is None else (snapshot.run_id, snapshot.mode, snapshot.account)
