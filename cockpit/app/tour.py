"""The tour as the cockpit runs it: offered on a first start, started, skipped through, left, and remembered."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cockpit.app.availability import unavailable_reason
from cockpit.model.snapshot import Snapshot
from panels.kit.keymap import PALETTE_ONLY, KeyMap
from panels.kit.tour_steps import Step, Tour, TourView, advance, decision_read, next_step, start_step
from panels.kit.view import View

Answered = Literal["taken", "declined"]

STEP_ACTIONS: Mapping[Step, str] = {"shadow": "arm.strategy", "live": "arm.executor", "withdraw": "withdraw"}
"""The action that a step asks for, where that action may be unavailable."""


class TourSeen:
    """A small file: whether the tour was taken or declined. Where it cannot be read or written, the tour is offered
    once more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def exists(self) -> bool:
        with contextlib.suppress(OSError):
            return self._path.exists()
        return False

    def write(self, answer: Answered) -> None:
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(f"{answer}\n")


def key_names(keys: KeyMap) -> Mapping[str, str]:
    """Return how each action is reached: by its first key, or through the palette by its name."""
    found = {action.id: keys.shown(action.id) for action in keys.actions}
    palette = found["palette"]
    return {
        action.id: f"{palette} “{action.name}”" if found[action.id] == PALETTE_ONLY else found[action.id]
        for action in keys.actions
    }


class TourController:
    """Holds the step. Without ``seen``, which remembers who was asked before, the tour is never offered."""

    def __init__(self, keys: KeyMap, seen: TourSeen | None) -> None:
        self._keys = key_names(keys)
        self._seen = seen
        self._tour: Tour | None = None
        self._offered = seen is not None and not seen.exists

    def snapshot_arrived(self, snapshot: Snapshot) -> None:
        if snapshot.strategy_armed or snapshot.mode != "SANDBOX":
            self._offered = False  # Whoever arms needs no invitation.
        if self._tour is not None:
            self._tour = advance(self._tour, snapshot)

    def toggle(self, snapshot: Snapshot) -> None:
        """Start the tour, or leave it."""
        self._tour = start_step("watch", snapshot) if self._tour is None else None
        self._answer("taken")

    def skip(self, snapshot: Snapshot) -> None:
        """Go on to the next step, decline an offer, or close the last step."""
        if self._tour is None:
            self._answer("declined")
        else:
            self._tour = None if self._tour.step == "over" else advance(next_step(self._tour, snapshot), snapshot)

    def row_read(self, panel: str, snapshot: Snapshot | None) -> None:
        """End the step that asks for a row to be read; it was opened, and closed again."""
        if self._tour is not None and snapshot is not None and panel == "decisions":
            self._tour = advance(decision_read(self._tour, snapshot), snapshot)

    def shown(self, view: View) -> TourView | None:
        """Return what a screen shows of the tour; None without one."""
        if self._tour is None:
            return TourView(tour=None, keys=self._keys) if self._offered and view.snapshot is not None else None
        action = STEP_ACTIONS.get(self._tour.step)
        return TourView(tour=self._tour, keys=self._keys, reason=unavailable_reason(action, view) if action else "")

    def _answer(self, answer: Answered) -> None:
        self._offered = False
        if self._seen is not None:
            self._seen.write(answer)
