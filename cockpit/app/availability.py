"""Why an action can do nothing now. What is disabled stays visible, with its reason. Pure."""

from collections.abc import Callable, Mapping

from cockpit.client.desk_client import READ_ONLY
from panels.dialogs.arm import blocked
from panels.kit.messages import NO_CONNECTION, NO_DATA_YET, already
from panels.kit.view import View

SANDBOX_ONLY = "the tour arms and withdraws, so it is for the sandbox; this desk is LIVE"


def _seen(view: View) -> str:
    return NO_DATA_YET if view.snapshot is None else ""


def _heard(view: View) -> str:
    return _seen(view) or ("" if view.trusted else NO_CONNECTION)


def _freezable(view: View) -> str:
    """Freezing is refused for one reason only: it could be needed when the desk seems silent."""
    known = view.trusted and view.snapshot is not None and view.snapshot.withdrawals_frozen
    return already("withdrawals are", "frozen") if known else ""


def _tourable(view: View) -> str:
    return _seen(view) or ("" if view.snapshot is not None and view.snapshot.mode == "SANDBOX" else SANDBOX_ONLY)


OBSTACLES: Mapping[str, Callable[[View], str]] = {
    "arm.strategy": lambda view: blocked(view, "strategy-engine"),
    "arm.executor": lambda view: blocked(view, "trade-executor"),
    "stop.hard": lambda view: "",
    "limits": _seen,
    "trading": lambda view: "",
    "withdraw": _heard,
    "deposit": _seen,
    "freeze.withdrawals": _freezable,
    "track": _heard,
    "key": _seen,
    "tour": _tourable,
    "tour.skip": lambda view: _tourable(view) or ("" if view.tour is not None else "no tour is under way"),
}


COMMANDS = frozenset({*OBSTACLES, "disarm", "refresh"})
"""Actions that ask the desk for something."""


def obstacle(action_id: str, view: View) -> str:
    """Why the action with this id can do nothing; empty when it can."""
    if view.read_only and action_id in COMMANDS:
        return READ_ONLY
    found = OBSTACLES.get(action_id)
    return "" if found is None else found(view)
