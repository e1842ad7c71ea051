"""Destinations and their cooling time: an address never used before waits before money may go there."""

from collections.abc import Callable, Iterable

from cockpit.model.events import LiquidityAction

KIND = "address"


class CoolingOff:
    """When each address was first named, from history on: a restart does not shorten the wait.

    Within a run the monotonic clock counts beside the wall clock, so that one set forward does not shorten it either.
    """

    def __init__(
        self,
        cooling_ms: int,
        *,
        record: Callable[[LiquidityAction], None],
        wall_ns: Callable[[], int],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._cooling_ns = cooling_ms * 1_000_000
        self._record = record
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._named: dict[str, int] = {}
        self._cooled_at: dict[str, int] = {}
        self._used: set[str] = set()

    def load(self, actions: Iterable[LiquidityAction]) -> None:
        """Take over what earlier runs recorded."""
        for action in actions:
            if action.kind != KIND:
                continue
            if action.status == "used":
                self._used.add(action.action_id)
            else:
                self._begin(action.action_id, action.at_ns)

    def name(self, chain: str, address: str) -> None:
        """Somebody means to send money there: its cooling begins, once."""
        key = _key(chain, address)
        if key not in self._named and key not in self._used:
            self._begin(key, self._wall_ns())
            self._note(key, chain, "named", self._named[key])

    def use(self, chain: str, address: str) -> None:
        """Money has arrived there: it never has to wait again."""
        key = _key(chain, address)
        if key not in self._used:
            self._used.add(key)
            self._note(key, chain, "used", self._wall_ns())

    def left_ms(self, chain: str, address: str) -> int:
        """How long the address still waits; the whole time for one that nobody has named."""
        key = _key(chain, address)
        if key in self._used:
            return 0
        named = self._named.get(key)
        if named is None:
            return self._cooling_ns // 1_000_000
        left = max(self._left_ns(named), self._cooled_at[key] - self._monotonic_ns())
        return max(0, left) // 1_000_000

    def _begin(self, key: str, named_ns: int) -> None:
        if key not in self._named:
            self._named[key] = named_ns
            self._cooled_at[key] = self._monotonic_ns() + self._left_ns(named_ns)

    def _left_ns(self, named_ns: int) -> int:
        """By the wall clock. One that was set back must not end the wait early, nor stretch it beyond the whole."""
        return self._cooling_ns - max(0, self._wall_ns() - named_ns)

    def _note(self, key: str, chain: str, status: str, at_ns: int) -> None:
        self._record(LiquidityAction(at_ns, key, KIND, None, None, chain, None, status, ""))


def _key(chain: str, address: str) -> str:
    return f"{chain}:{address}"
