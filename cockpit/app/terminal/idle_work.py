"""Work that can wait, done a step at a time while no key waits: what it does now, no key has to do."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from textual.app import App
from textual.timer import Timer

from panels.kit.textual_internals import WholeScreen

EVERY_S = 0.02
"""Between two steps: whatever came meanwhile goes first."""


class IdlePlan(msgspec.Struct, frozen=True):
    """``steps`` are done once, after the first picture; ``rest`` is called now and then while no key waits and no
    dialog is open.
    """

    steps: Sequence[Callable[[App[Any]], None]] = ()
    rest: Callable[[], None] = lambda: None


class IdleWork:
    """Does the steps of a plan while nothing else is to be done. ``key_waits``: whether a key is being handled."""

    def __init__(self, app: App[Any], plan: IdlePlan, key_waits: Callable[[], bool]) -> None:
        self._app = app
        self._steps = deque(plan.steps)
        self._rest = plan.rest
        self._key_waits = key_waits
        self._timer: Timer | None = None

    @property
    def left(self) -> int:
        """Return how many steps are left."""
        return len(self._steps)

    def begin(self) -> None:
        """Begin with the steps; calling it again changes nothing."""
        if self._steps and self._timer is None:
            self._timer = self._app.set_interval(EVERY_S, self._step, name="idle work")

    def look(self) -> None:
        """Rest, if nothing is to be done; called with every picture."""
        if not self._steps and len(self._app.screen_stack) == 1 and not self._busy:
            self._rest()

    @property
    def _busy(self) -> bool:
        top = self._app.screen_stack[-1] if self._app.screen_stack else None
        opening = isinstance(top, WholeScreen) and not top.drawn
        return top is None or opening or self._key_waits() or self._app.message_queue_size > 0

    def _step(self) -> None:
        if self._busy:
            return
        if self._steps:
            self._steps.popleft()(self._app)
        if not self._steps and self._timer is not None:
            self._timer.stop()
