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
LOOK_EVERY_S = 0.05


class IdlePlan(msgspec.Struct, frozen=True):
    """``steps`` are done once, after the first picture; then ``rest`` is called now and then while no key waits, with
    how many looks in a row found that and no dialog: 0 beside an open one.
    """

    steps: Sequence[Callable[[App[Any]], None]] = ()
    rest: Callable[[int], None] | None = None


class IdleWork:
    """Does the steps of a plan while nothing else is to be done. ``key_waits``: whether a key is being handled."""

    def __init__(self, app: App[Any], plan: IdlePlan, key_waits: Callable[[], bool]) -> None:
        self._app = app
        self._steps = deque(plan.steps)
        self._rest = plan.rest
        self._key_waits = key_waits
        self._looks = 0
        self._timer: Timer | None = None

    @property
    def left(self) -> int:
        """Return how many steps are left."""
        return len(self._steps)

    def begin(self) -> None:
        """Begin with the steps, and go on with looks; calling it again changes nothing."""
        if self._timer is None and (self._steps or self._rest is not None):
            self._timer = self._app.set_interval(EVERY_S, self._step, name="idle work")

    def _step(self) -> None:
        if self._busy:
            return
        if self._steps:
            self._steps.popleft()(self._app)
        if not self._steps and self._timer is not None:
            self._timer.stop()
            if self._rest is not None:
                self._timer = self._app.set_interval(LOOK_EVERY_S, self._look, name="idle looks")

    def _look(self) -> None:
        busy = self._busy
        self._looks = 0 if busy or len(self._app.screen_stack) > 1 else self._looks + 1
        if not busy and self._rest is not None:
            self._rest(self._looks)

    @property
    def _busy(self) -> bool:
        top = self._app.screen_stack[-1] if self._app.screen_stack else None
        opening = isinstance(top, WholeScreen) and not top.drawn
        return top is None or opening or self._key_waits() or self._app.message_queue_size > 0
