"""The cooling-off of destinations: an address never used before waits before money may go there."""

from collections.abc import Callable, Iterable

import msgspec

from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from cockpit.model.recorder import Recorder
from venue.protocol.units import NS_PER_MS

KIND = "address"
CLOCK_UNJUDGED = "the clock was not known to be right"
"""Detail of a naming whose time does not count over a restart."""
LAPSES_NS = 86_400_000_000_000
"""How long after its wait an address may be used for the first time; after that it must be named again."""


class _Naming(msgspec.Struct):
    """``named_ns``: wall clock, worth something if it was ``judged`` right. ``known_ns``: monotonic, of this run."""

    named_ns: int
    known_ns: int
    judged: bool


class CoolingOff:
    """When each address was named, loaded from history: a restart does not shorten the wait.

    The monotonic clock of this run counts always, the wall clock only while ``clock_right`` says that it is judged
    right, now and when the address was named: setting the clock ends no wait.
    """

    def __init__(
        self, env: Environment, recorder: Recorder, *, cooling_ms: int, clock_right: Callable[[], bool]
    ) -> None:
        self._env = env
        self._recorder = recorder
        self._cooling_ns = cooling_ms * NS_PER_MS
        self._clock_right = clock_right
        self._named: dict[str, _Naming] = {}
        self._used: set[str] = set()
        self._configured: set[str] = set()

    def load(self, actions: Iterable[LiquidityAction]) -> None:
        """Take over what earlier runs recorded."""
        for action in actions:
            if action.kind == KIND and action.status == "used":
                self._used.add(action.action_id)
            elif action.kind == KIND:
                judged = action.detail != CLOCK_UNJUDGED
                self._named[action.action_id] = _Naming(action.at_ns, self._env.monotonic_ns(), judged)

    def name(self, chain: str, address: str, *, configured: bool = False) -> bool:
        """Start the cooling-off of an address that somebody wants to send money to; True if it starts now.

        ``configured``: the settings name it, so it does not lapse.
        """
        key = _key(chain, address)
        if configured:
            self._configured.add(key)
        if key in self._used or (key in self._named and not self._lapsed(key)):
            return False
        self._named[key] = _Naming(self._env.wall_ns(), self._env.monotonic_ns(), self._clock_right())
        self._record_named(key)
        return True

    def use(self, chain: str, address: str) -> None:
        """End the cooling-off for good: money has arrived there."""
        key = _key(chain, address)
        if key not in self._used:
            self._used.add(key)
            self._record(key, "used", self._env.wall_ns(), "")

    def tick(self) -> None:
        """Date the namings of this run that were made before the clock was known to be right."""
        unjudged = [key for key, naming in self._named.items() if not naming.judged]
        if not unjudged or not self._clock_right():
            return
        for key in unjudged:
            naming = self._named[key]
            naming.named_ns = self._env.wall_ns() - (self._env.monotonic_ns() - naming.known_ns)
            naming.judged = True
            self._record_named(key)

    def left_ms(self, chain: str, address: str) -> int:
        """Return how long the address still waits; the whole time for one that nobody has named."""
        key = _key(chain, address)
        if key in self._used:
            return 0
        if key not in self._named or self._lapsed(key):
            return self._cooling_ns // NS_PER_MS
        return max(0, self._cooling_ns - self._waited_ns(key)) // NS_PER_MS

    def _waited_ns(self, key: str) -> int:
        naming = self._named[key]
        here = self._env.monotonic_ns() - naming.known_ns
        return max(here, self._env.wall_ns() - naming.named_ns) if naming.judged and self._clock_right() else here

    def _lapsed(self, key: str) -> bool:
        return key not in self._configured and self._waited_ns(key) > self._cooling_ns + LAPSES_NS

    def _record_named(self, key: str) -> None:
        naming = self._named[key]
        self._record(key, "named", naming.named_ns, "" if naming.judged else CLOCK_UNJUDGED)

    def _record(self, key: str, status: str, at_ns: int, detail: str) -> None:
        self._recorder.record(
            LiquidityAction(
                at_ns=at_ns,
                action_id=key,
                kind=KIND,
                asset=None,
                amount=None,
                chain=key[: key.rindex(":")],
                tx_hash=None,
                status=status,
                detail=detail,
            )
        )


def _key(chain: str, address: str) -> str:
    return f"{chain}:{address}"
