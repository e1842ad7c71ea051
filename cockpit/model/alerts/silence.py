"""For how long the other end of a channel said nothing, as far as this end was there to hear it."""

from cockpit.model.environment import Environment

LONGEST_LOOK_NS = 5 * 10**9
"""What one look may add: a look that comes later was held up here, where the whole machine was suspended, too."""


class Silence:
    """``heard`` when the other end says something; ``look`` at least every few seconds."""

    def __init__(self, env: Environment) -> None:
        self._monotonic_ns = env.monotonic_ns
        self._looked_ns = env.monotonic_ns()
        self._silent_ns = 0

    def heard(self) -> None:
        self._silent_ns, self._looked_ns = 0, self._monotonic_ns()

    def look(self) -> int:
        """Return for how long nothing was heard, ns."""
        now = self._monotonic_ns()
        self._silent_ns += min(now - self._looked_ns, LONGEST_LOOK_NS)
        self._looked_ns = now
        return self._silent_ns
