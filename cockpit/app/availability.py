"""Why an action is unavailable; unavailable actions stay visible and show the reason. Pure."""

from collections.abc import Callable, Mapping

from cockpit.client.desk_client import READ_ONLY
from cockpit.model.commands import Part
from panels.dialogs.trading.arm import arming_blocked_by, is_armed
from panels.kit.labels import part_name
from panels.kit.messages import NO_CONNECTION, NO_DATA_YET, already
from panels.kit.view import LIVE_AGAIN, View

SANDBOX_ONLY = "the tour arms and withdraws, so it runs in the sandbox only; this desk is LIVE"
NO_TOUR = "no tour is running"


def _needs_data(view: View) -> str:
    return NO_DATA_YET if view.snapshot is None else ""


def _needs_connection(view: View) -> str:
    return _needs_data(view) or ("" if view.trusted else NO_CONNECTION)


def _freezing(view: View) -> str:
    # For one reason only: freezing may be needed when the desk seems disconnected.
    known = view.trusted and view.snapshot is not None and view.snapshot.withdrawals_frozen
    return already("withdrawals are", "frozen") if known else ""


def _disarming(view: View, part: Part) -> str:
    # As freezing: only where it is known to be done already, for stopping may be needed when the desk seems lost.
    known = view.trusted and view.snapshot is not None and not is_armed(view.snapshot, part)
    return already(f"the {part_name(part)} is", "disarmed") if known else ""


def _tour(view: View) -> str:
    sandbox = view.snapshot is not None and view.snapshot.mode == "SANDBOX"
    return _needs_data(view) or ("" if sandbox else SANDBOX_ONLY)


REASONS: Mapping[str, Callable[[View], str]] = {
    "arm.strategy": lambda view: arming_blocked_by(view, "strategy-engine"),
    "arm.executor": lambda view: arming_blocked_by(view, "trade-executor"),
    "disarm.strategy": lambda view: _disarming(view, "strategy-engine"),
    "disarm.executor": lambda view: _disarming(view, "trade-executor"),
    "stop.hard": lambda view: "",
    "limits": _needs_data,
    "pricing": _needs_data,
    "trading": lambda view: "",
    "withdraw": lambda view: _needs_connection(view) or view.too_small,
    "deposit": _needs_data,
    "freeze.withdrawals": _freezing,
    "track": _needs_connection,
    "key": _needs_data,
    "note": _needs_connection,
    "tour": _tour,
    "tour.skip": lambda view: _tour(view) or ("" if view.tour is not None else NO_TOUR),
}

STOPS = frozenset({"disarm", "disarm.strategy", "disarm.executor", "stop.hard", "freeze.withdrawals"})
"""Never refused for what the board shows: they act on the live desk at once."""
STEPS = frozenset({"rewind.event", "rewind.event.back", "rewind.fill", "rewind.fill.back"})
NOT_REWOUND = "the board is live: R rewinds it"

COMMANDS = frozenset({*REASONS, "disarm", "refresh"})
"""Actions that command the desk."""
NOT_THEN = (COMMANDS - STOPS) | {"freeze", "earnings.since"}
"""Actions that need the live board."""


def unavailable_reason(action_id: str, view: View) -> str:
    """Return why the action is unavailable; empty when it can be used."""
    if view.read_only and action_id in COMMANDS:
        return READ_ONLY
    if action_id in STEPS:
        return "" if view.rewound is not None else NOT_REWOUND
    if view.rewound is not None and action_id in NOT_THEN:
        return LIVE_AGAIN
    reason = REASONS.get(action_id)
    return "" if reason is None else reason(view)
