"""The cooling-off of destinations: an address never used before waits before money may go there."""

from collections.abc import Iterable

from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from cockpit.model.recorder import Recorder
from venue.protocol.units import NS_PER_MS

KIND = "address"


class CoolingOff:
    """When each address was first named, loaded from history: a restart does not shorten the wait.

    Within a run the monotonic clock counts beside the wall clock, so that a wall clock set forward does not either.
    """

    def __init__(self, env: Environment, recorder: Recorder, *, cooling_ms: int) -> None:
        self._env = env
        self._recorder = recorder
        self._cooling_ns = cooling_ms * NS_PER_MS
        self._named: dict[str, int] = {}
        self._over_at: dict[str, int] = {}
        self._used: set[str] = set()

    def load(self, actions: Iterable[LiquidityAction]) -> None:
        """Take over what earlier runs recorded."""
        for action in actions:
            if action.kind != KIND:
                continue
            if action.status == "used":
                self._used.add(action.action_id)
            else:
                self._start(action.action_id, action.at_ns)

    def name(self, chain: str, address: str) -> None:
        """Start the cooling-off of an address that somebody wants to send money to, once."""
        key = _key(chain, address)
        if key not in self._named and key not in self._used:
            self._start(key, self._env.wall_ns())
            self._record(key, chain, "named", self._named[key])

    def use(self, chain: str, address: str) -> None:
        """End the cooling-off for good: money has arrived there."""
        key = _key(chain, address)
        if key not in self._used:
            self._used.add(key)
            self._record(key, chain, "used", self._env.wall_ns())

    def left_ms(self, chain: str, address: str) -> int:
        """Return how long the address still waits; the whole time for one that nobody has named."""
        key = _key(chain, address)
        if key in self._used:
            return 0
        named = self._named.get(key)
        if named is None:
            return self._cooling_ns // NS_PER_MS
        left = max(self._left_ns(named), self._over_at[key] - self._env.monotonic_ns())
        return max(0, left) // NS_PER_MS

    def _start(self, key: str, named_ns: int) -> None:
        if key not in self._named:
            self._named[key] = named_ns
            self._over_at[key] = self._env.monotonic_ns() + self._left_ns(named_ns)

    def _left_ns(self, named_ns: int) -> int:
        # A wall clock that was set back must not end the wait early, nor stretch it beyond the whole.
        return self._cooling_ns - max(0, self._env.wall_ns() - named_ns)

    def _record(self, key: str, chain: str, status: str, at_ns: int) -> None:
        self._recorder.record(
            LiquidityAction(
                at_ns=at_ns,
                action_id=key,
                kind=KIND,
                asset=None,
                amount=None,
                chain=chain,
                tx_hash=None,
                status=status,
                detail="",
            )
        )


def _key(chain: str, address: str) -> str:
    return f"{chain}:{address}"
