"""The dead man's switch: what an armed desk does when nobody watches it, or no key or command comes."""

from collections.abc import Callable
from typing import Literal

from cockpit.desk.risk.operators import Operators
from cockpit.model.environment import Environment
from cockpit.model.formatting import age
from venue.protocol.units import NS_PER_MS

DeadManAction = Literal["disarm", "keep", "stop"]

ANSWER_WITHIN_MS = 60_000
"""How long the desk asks whether somebody is there before it acts; never longer than it waited before it asked."""


class DeadManSwitch:
    """Acts once, while the executor is armed, when no cockpit was watched for ``alone_ms``.

    It also acts without a key or a command for ``idle_ms`` (0: never), but first asks for up to a minute. ``disarm``
    and ``stop`` get the reason; ``stop`` burns live quotes too. With ``keep`` it neither asks nor acts.
    """

    def __init__(
        self,
        action: DeadManAction,
        operators: Operators,
        *,
        alone_ms: int,
        idle_ms: int,
        disarm: Callable[[str], None],
        stop: Callable[[str], object],
        env: Environment,
    ) -> None:
        self.action = action
        self.operators = operators
        self.alone_ms = alone_ms
        self._idle_ms = idle_ms
        self._answer_within_ms = min(ANSWER_WITHIN_MS, idle_ms)
        self._disarm = disarm
        self._stop = stop
        self._monotonic_ns = env.monotonic_ns
        self._armed_ns: int | None = None
        self._alone_ns: int | None = None
        self._asked_ns: int | None = None

    def tick(self, armed: bool) -> None:
        """Act if it is time."""
        if not armed:
            self._reset()
            return
        now = self._monotonic_ns()
        self._armed_ns = now if self._armed_ns is None else self._armed_ns
        if self.operators.watched:
            self._alone_ns = None
        elif self._alone_ns is None:
            self._alone_ns = now
        if not self._idle_ms or now - self._sign_ns(self._armed_ns) < self._idle_ms * NS_PER_MS:
            self._asked_ns = None
        elif self._asked_ns is None:
            self._asked_ns = now
        reason = self._reason()
        if reason:
            self._reset()
            if self.action == "stop":
                self._stop(reason)
            else:
                self._disarm(reason)

    def alone_left_ms(self) -> int | None:
        """Return the milliseconds until it acts because nobody watches; None while somebody does."""
        return self._left_ms(self._alone_ns, self.alone_ms)

    def idle_left_ms(self) -> int | None:
        """Return the milliseconds until it acts for want of a key or a command; None while it does not ask."""
        return self._left_ms(self._asked_ns, self._answer_within_ms)

    def _left_ms(self, since_ns: int | None, after_ms: int) -> int | None:
        if since_ns is None or self.action == "keep":
            return None
        return max(0, after_ms - (self._monotonic_ns() - since_ns) // NS_PER_MS)

    def _sign_ns(self, armed_ns: int) -> int:
        # Arming is a command: what was pressed before it does not count any more.
        sign_ns = self.operators.sign_ns
        return armed_ns if sign_ns is None else max(armed_ns, sign_ns)

    def _reason(self) -> str:
        if self.alone_left_ms() == 0:
            if not self.operators.attached:
                return f"no cockpit was attached for {_time(self.alone_ms)}"
            return f"nobody saw the attached cockpit for {_time(self.alone_ms)}"
        if self.idle_left_ms() == 0:
            return f"no key or command for {_time(self._idle_ms + self._answer_within_ms)}"
        return ""

    def _reset(self) -> None:
        self._armed_ns = self._alone_ns = self._asked_ns = None


def _time(ms: int) -> str:
    return f"{ms / 1000:g} s" if ms < 600_000 else age(ms)
