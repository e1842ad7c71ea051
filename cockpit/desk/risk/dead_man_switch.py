"""The dead man's switch: what an armed desk does when no operator is attached."""

from collections.abc import Callable
from typing import Literal

from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS

DeadManAction = Literal["disarm", "keep", "stop"]


class DeadManSwitch:
    """Acts once when no commanding cockpit was attached for ``after_ms`` while the executor was armed.

    ``disarm`` and ``stop`` get the reason; ``stop`` burns live quotes too.
    """

    def __init__(
        self,
        action: DeadManAction,
        after_ms: int,
        *,
        disarm: Callable[[str], None],
        stop: Callable[[str], object],
        env: Environment,
    ) -> None:
        self.action = action
        self.after_ms = after_ms
        self._disarm = disarm
        self._stop = stop
        self._monotonic_ns = env.monotonic_ns
        self._since_ns: int | None = None

    def tick(self, operators: int, armed: bool) -> None:
        """Act if it is time. ``operators``: how many attached cockpits can command."""
        if operators or not armed:
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = self._monotonic_ns()
        if self.left_ms() != 0:
            return
        self._since_ns = None
        reason = f"no cockpit was attached for {self.after_ms / 1000:g} s"
        if self.action == "stop":
            self._stop(reason)
        else:
            self._disarm(reason)

    def left_ms(self) -> int | None:
        """Return the milliseconds until it acts; None while it need not."""
        if self._since_ns is None or self.action == "keep":
            return None
        return max(0, self.after_ms - (self._monotonic_ns() - self._since_ns) // NS_PER_MS)
