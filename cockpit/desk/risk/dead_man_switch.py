"""The operator lost: what a desk does that trades while nobody can see it."""

from collections.abc import Callable
from typing import Literal

from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS

WhenAlone = Literal["disarm", "keep", "stop"]


class DeadManSwitch:
    """Acts once when no cockpit that could command was attached for ``after_ms`` while the executor was armed.

    ``disarm`` and ``stop`` get the reason; ``stop`` burns live quotes too.
    """

    def __init__(
        self,
        action: WhenAlone,
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
        """Look whether somebody is there: ``operators`` cockpits that can command are attached."""
        if operators or not armed:
            self._since_ns = None
        elif self._since_ns is None:
            self._since_ns = self._monotonic_ns()
        if self.left_ms() != 0:
            return
        self._since_ns = None
        why = f"no cockpit was attached for {self.after_ms / 1000:g} s"
        if self.action == "stop":
            self._stop(why)
        else:
            self._disarm(why)

    def left_ms(self) -> int | None:
        """Milliseconds until it acts; None while it need not."""
        if self._since_ns is None or self.action == "keep":
            return None
        return max(0, self.after_ms - (self._monotonic_ns() - self._since_ns) // NS_PER_MS)
