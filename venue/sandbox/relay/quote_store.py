"""The signed quotes that the relay holds: until their deadline whoever knows one can have it settled."""

from heapq import heappop, heappush

from venue.protocol.units import NS_PER_S
from venue.sandbox.relay.auction import Answer

MAX_QUOTES = 100_000
KEPT_NS = 60 * NS_PER_S
"""How long after its deadline a quote is still known, as expired."""


class QuoteStore:
    """Quotes by hash. Past the bound the one that ends first is dropped."""

    def __init__(self, most: int = MAX_QUOTES) -> None:
        self._most = most
        self._held: dict[str, Answer] = {}
        self._ends: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._held)

    def add(self, answer: Answer) -> None:
        if answer.quote_hash in self._held:
            return
        self._held[answer.quote_hash] = answer
        heappush(self._ends, (answer.deadline_ns, answer.quote_hash))
        if len(self._held) > self._most:
            self._drop_first()

    def get(self, quote_hash: str) -> Answer | None:
        return self._held.get(quote_hash)

    def forget(self, now_ns: int) -> None:
        """Drop what ended long enough ago."""
        while self._ends and self._ends[0][0] + KEPT_NS < now_ns:
            self._drop_first()

    def _drop_first(self) -> None:
        del self._held[heappop(self._ends)[1]]
