"""The desk's own checks run four times a second; without them no quote is signed.

A desk that was away (stopped, suspended, starved) finds old prices, and requests that waited. It signs again once what
it knows is from after its return.
"""

from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS, NS_PER_S

MAX_AGE_NS = NS_PER_S
"""Four ticks: a desk whose checks stopped for longer was away, and signs nothing until they ran again."""


class Heartbeat:
    """When the checks last ran to their end, and what a quote has to wait for."""

    __slots__ = ("_beat_ns", "_held", "_monotonic_ns")

    def __init__(self, env: Environment) -> None:
        self._monotonic_ns = env.monotonic_ns
        self._beat_ns: int | None = None
        self._held = ""

    def beat(self) -> int:
        """Note that the checks ran; return for how long they had not, ns, 0 when that was no longer than allowed."""
        now, before = self._monotonic_ns(), self._beat_ns
        self._beat_ns = now
        return now - before if before is not None and now - before > MAX_AGE_NS else 0

    def hold(self, why: str) -> None:
        """Have no quote signed until ``release``."""
        self._held = why

    def release(self) -> None:
        self._held = ""

    def problem(self) -> str:
        """Return why nothing may be signed; empty while the checks run and nothing is waited for."""
        if self._beat_ns is None:
            return "the desk's own checks have not run yet"
        age_ns = self._monotonic_ns() - self._beat_ns
        if age_ns > MAX_AGE_NS:
            return f"the desk's own checks last ran {age_ns // NS_PER_MS} ms ago, at most {MAX_AGE_NS // NS_PER_MS}"
        return self._held
