"""Arming: the strategy first, then the executor; both start disarmed, and the executor is never armed alone."""

from collections.abc import Sequence

from cockpit.model.commands import ARMABLE_NAMES, Armable
from cockpit.model.snapshot import Rung


class Arming:
    """The two switches, with who or what moved each last; the screen shows this state and no other."""

    def __init__(self) -> None:
        self._armed: dict[Armable, bool] = {"strategy-engine": False, "trade-executor": False}
        self._why: dict[Armable, str] = {
            "strategy-engine": "disarmed at start",
            "trade-executor": "disarmed at start",
        }

    @property
    def strategy(self) -> bool:
        return self._armed["strategy-engine"]

    @property
    def executor(self) -> bool:
        return self._armed["trade-executor"]

    @property
    def rung(self) -> Rung:
        return "LIVE" if self.executor else "SHADOW" if self.strategy else "SAFE"

    def armed(self, part: Armable) -> bool:
        return self._armed[part]

    def why(self, part: Armable) -> str:
        """Return who or what put the part in its state."""
        return self._why[part]

    def arm(self, part: Armable, actor: str, blocked: Sequence[str]) -> str | None:
        """Arm the part; return the refusal in one sentence when something blocks it."""
        if blocked:
            return f"{ARMABLE_NAMES[part]} stays disarmed: {'; '.join(blocked)}"
        if part == "trade-executor" and not self.strategy:
            return f"{ARMABLE_NAMES[part]} stays disarmed: arm the strategy first"
        self._move(part, True, f"armed by {actor}")
        return None

    def disarm(self, part: Armable, why: str) -> None:
        """Disarm the part at once, and with the strategy the executor too; never refused."""
        if part == "strategy-engine" and self.executor:
            self._move("trade-executor", False, why)
        self._move(part, False, why)

    def _move(self, part: Armable, armed: bool, why: str) -> None:
        if self._armed[part] != armed or not armed:
            self._why[part] = why
        self._armed[part] = armed
