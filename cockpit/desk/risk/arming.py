"""Who may trade: strategy first, then executor; both start disarmed, and the executor never outlives the strategy."""

from collections.abc import Sequence

from cockpit.model.commands import Armable
from cockpit.model.snapshot import Rung


class Arming:
    """The two switches, with who or what moved each last. What is shown as ARMED is what this says."""

    def __init__(self) -> None:
        self._armed: dict[Armable, bool] = {"strategy-engine": False, "trade-executor": False}
        self._why: dict[Armable, str] = {
            "strategy-engine": "disarmed at start",
            "trade-executor": "disarmed at start",
        }

    @property
    def strategy(self) -> bool:
        """Whether the strategy decides for real."""
        return self._armed["strategy-engine"]

    @property
    def executor(self) -> bool:
        """Whether quotes are signed and sent."""
        return self._armed["trade-executor"]

    @property
    def rung(self) -> Rung:
        """How far the ladder is climbed."""
        return "LIVE" if self.executor else "SHADOW" if self.strategy else "SAFE"

    def armed(self, part: Armable) -> bool:
        """Whether this part is armed."""
        return self._armed[part]

    def why(self, part: Armable) -> str:
        """Who or what put the part in its state."""
        return self._why[part]

    def arm(self, part: Armable, actor: str, blocked: Sequence[str]) -> str | None:
        """Arm the part; the refusal in one sentence when something blocks it."""
        if blocked:
            return f"{part} stays disarmed: {'; '.join(blocked)}"
        if part == "trade-executor" and not self.strategy:
            return f"{part} stays disarmed: the strategy is armed first"
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
