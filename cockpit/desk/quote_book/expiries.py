"""Which quotes expire when."""

import heapq
from collections import deque

from cockpit.desk.quote_book.quote import Quote
from venue.protocol.units import NS_PER_MS

_BUCKET_NS = 100 * NS_PER_MS


class Expiries:
    """Quotes by the time at which they are released. Those of a tenth of a second stand in one list: an entry of a heap
    for each would take eight times the memory.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, list[Quote]] = {}
        self._next: list[int] = []
        self._due: deque[Quote] = deque()

    def add(self, quote: Quote) -> None:
        bucket = quote.commitment.released_after_ns // _BUCKET_NS
        quotes = self._buckets.get(bucket)
        if quotes is None:
            self._buckets[bucket] = [quote]
            heapq.heappush(self._next, bucket)
        else:
            quotes.append(quote)

    def first_deadline_ns(self) -> int | None:
        """Return a time, UTC, before which no quote that is left has its deadline; None without any.

        All quotes of a run are released by the same margin after their deadlines.
        """
        earliest = [*self._buckets[self._next[0]]] if self._next else []
        if self._due:
            earliest.append(self._due[0])
        return min((quote.commitment.deadline_ns for quote in earliest), default=None)

    def take_due(self, now_ns: int, at_most: int) -> list[Quote]:
        """Take out, in the order of their times, some of the quotes of which the time has come."""
        if not self._due:
            self._due.extend(self._take_all_due(now_ns))
        return [self._due.popleft() for _ in range(min(at_most, len(self._due)))]

    def _take_all_due(self, now_ns: int) -> list[Quote]:
        due: list[tuple[int, Quote]] = []
        while self._next and self._next[0] * _BUCKET_NS <= now_ns:
            bucket = self._next[0]
            timed = [(quote.commitment.released_after_ns, quote) for quote in self._buckets[bucket]]
            later = [quote for at_ns, quote in timed if at_ns > now_ns]
            due += [one for one in timed if one[0] <= now_ns]
            if later:
                self._buckets[bucket] = later
                break
            heapq.heappop(self._next)
            del self._buckets[bucket]
        return [quote for _, quote in sorted(due, key=lambda one: one[0])]
