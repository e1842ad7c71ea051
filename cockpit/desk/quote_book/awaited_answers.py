"""The quotes that the relay has not answered yet."""

from collections import deque
from collections.abc import Iterator

from cockpit.desk.quote_book.quote import Quote
from venue.protocol.units import NS_PER_S

ANSWER_WITHIN_NS = 5 * NS_PER_S
"""The relay waits at most 3 s for answers (docs.near-intents.org); after 5 s without one the outcome is unknown."""


class AwaitedAnswers:
    """Unanswered quotes by request id, kept until they are released at least: an answer may come late."""

    def __init__(self) -> None:
        self.by_request: dict[int, Quote] = {}
        self._due: deque[Quote] = deque()

    def add(self, quote: Quote) -> None:
        self.by_request[quote.request_id] = quote
        self._due.append(quote)

    def answered(self, request_id: int) -> Quote | None:
        """Take out the quote that was sent as this request; None when no answer is awaited to it."""
        quote = self.by_request.pop(request_id, None)
        if quote is not None:
            quote.request_id = 0
        return quote

    def all_lost(self) -> list[Quote]:
        """Take out all of them: no answer will come any more."""
        lost = list(self.by_request.values())
        self.by_request.clear()
        for quote in lost:
            quote.request_id = 0
        return lost

    def overdue(self, now_ns: int) -> Iterator[Quote]:
        """Iterate, once for each, over quotes that were sent so long ago that their answer should have come."""
        while self._due and now_ns - self._due[0].commitment.sent_ns >= ANSWER_WITHIN_NS:
            quote = self._due.popleft()
            yield quote
            if quote.commitment.released_after_ns <= now_ns:
                self._remove(quote)

    def released(self, quote: Quote, now_ns: int) -> None:
        """Await no more answer to a quote that has been released, unless it is too early for that."""
        if now_ns - quote.commitment.sent_ns >= ANSWER_WITHIN_NS:
            self._remove(quote)

    def _remove(self, quote: Quote) -> None:
        if self.by_request.get(quote.request_id) is quote:
            del self.by_request[quote.request_id]
