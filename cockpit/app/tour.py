"""The tour as the cockpit carries it out: offered on a first start, begun, skipped through, left."""

from collections.abc import Mapping

from cockpit.app.availability import obstacle
from cockpit.app.terminal.tour_seen import Answered, TourSeen
from cockpit.model.snapshot import Snapshot
from panels.kit.keymap import PALETTE_ONLY, KeyMap
from panels.kit.tour_steps import Step, Tour, Touring, advanced, at, skipped, was_read
from panels.kit.view import View

ASKS: Mapping[Step, str] = {"shadow": "arm.strategy", "live": "arm.executor", "withdraw": "withdraw"}
"""The action that a step asks for, where it may be in the way of something."""


def written(keys: KeyMap) -> Mapping[str, str]:
    """How each action is reached: by its first key, or through the palette by its name."""
    found = {action.id: keys.shown(action.id) for action in keys.actions}
    palette = found["palette"]
    return {
        action.id: f"{palette} “{action.name}”" if found[action.id] == PALETTE_ONLY else found[action.id]
        for action in keys.actions
    }


class TourController:
    """Holds the step. ``note`` remembers who was asked before; without one the tour is never offered."""

    def __init__(self, keys: KeyMap, note: TourSeen | None) -> None:
        self._keys = written(keys)
        self._note = note
        self._tour: Tour | None = None
        self._offered = note is not None and not note.there

    def took(self, snapshot: Snapshot) -> None:
        """A snapshot arrived."""
        if snapshot.strategy_armed or snapshot.mode != "SANDBOX":
            self._offered = False  # Whoever arms needs no invitation.
        if self._tour is not None:
            self._tour = advanced(self._tour, snapshot)

    def toggle(self, snapshot: Snapshot) -> None:
        """Begin the tour, or leave it."""
        self._tour = at("watch", snapshot) if self._tour is None else None
        self._answer("taken")

    def skip(self, snapshot: Snapshot) -> None:
        """Go on to the next step; an offer is declined, and the last word closed."""
        if self._tour is None:
            self._answer("declined")
        else:
            self._tour = None if self._tour.step == "over" else advanced(skipped(self._tour, snapshot), snapshot)

    def read(self, panel: str, snapshot: Snapshot | None) -> None:
        """A row of a panel was opened, and closed again."""
        if self._tour is not None and snapshot is not None and panel == "decisions":
            self._tour = advanced(was_read(self._tour, snapshot), snapshot)

    def shown(self, view: View) -> Touring | None:
        """What a screen needs to show of it; None while there is nothing."""
        if self._tour is None:
            return Touring(tour=None, keys=self._keys) if self._offered and view.snapshot is not None else None
        asks = ASKS.get(self._tour.step)
        return Touring(tour=self._tour, keys=self._keys, why=obstacle(asks, view) if asks else "")

    def _answer(self, answer: Answered) -> None:
        self._offered = False
        if self._note is not None:
            self._note.write(answer)
