"""The desk's own checks run four times a second; without them no quote is signed."""

from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS, NS_PER_S

MAX_AGE_NS = 2 * NS_PER_S
"""Eight ticks: a desk whose checks stopped, or that was stopped itself, signs nothing until they ran again."""


class Heartbeat:
    """When the checks last ran to their end, by the monotonic clock."""

    def __init__(self, env: Environment) -> None:
        self._monotonic_ns = env.monotonic_ns
        self._beat_ns: int | None = None

    def beat(self) -> None:
        self._beat_ns = self._monotonic_ns()

    def problem(self) -> str:
        """Return why nothing may be signed; empty while the checks run."""
        if self._beat_ns is None:
            return "the desk's own checks have not run yet"
        age_ns = self._monotonic_ns() - self._beat_ns
        if age_ns > MAX_AGE_NS:
            return f"the desk's own checks last ran {age_ns // NS_PER_MS} ms ago, at most {MAX_AGE_NS // NS_PER_MS}"
        return ""
