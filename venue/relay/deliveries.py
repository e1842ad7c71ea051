"""Statuses, each passed on once and acknowledged; and the relay's replies to calls that nobody waits for."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Literal

from cockpit.model.bounded_set import BoundedSet
from venue.relay.frames import acknowledge_frame
from venue.relay.messages import ErrorReply, QuoteStatus, RelayMessage, read_delivery
from venue.transport.errors import WsClosedError
from venue.transport.websocket import WsConnection

MAX_REMEMBERED = 20_000
"""Statuses kept to recognise one that comes again: in the other stream, or delivered a second time."""
MAX_UNSENT = 32 * 1024
"""Bytes waiting in this process above which nothing is acknowledged: the relay delivers it again later."""
MAX_EXPECTED = 2_048
"""Calls whose reply is recognised; the relay may leave any of them without one."""


class Deliveries:
    """The statuses that were passed on, and what was acknowledged. ``next_id`` makes the id of a call."""

    def __init__(self, next_id: Callable[[], int], counters: Counter[str]) -> None:
        self._next_id = next_id
        self._counters = counters
        self._seen = BoundedSet(MAX_REMEMBERED)
        self._expected: OrderedDict[int, str] = OrderedDict()

    def is_new(self, status: QuoteStatus) -> bool:
        """Return whether the status was not passed on yet: the same comes in two streams, and again unasked."""
        if _name(status) in self._seen:
            self._counters["repeated_statuses"] += 1
            return False
        return True

    def took(self, status: QuoteStatus) -> None:
        """Count a status that was passed on."""
        self._seen.add(_name(status))
        self._counters["statuses" if status.event == "settled" else f"statuses_{status.event}"] += 1

    def acknowledge(self, message: RelayMessage, connection: WsConnection) -> bool:
        """Tell the relay that the event was taken; False for one without a sequence number, which needs no answer."""
        delivery = read_delivery(message)
        if delivery is None:
            return False
        if connection.unsent > MAX_UNSENT:
            self._counters["acknowledgements_put_off"] += 1
            return True
        request_id = self._next_id()
        try:
            connection.send(acknowledge_frame(request_id, delivery))
        except WsClosedError:
            # It is delivered again on the next connection.
            return True
        self._counters["acknowledged"] += 1
        self.expect(request_id, "acknowledgement")
        return True

    def expect(self, request_id: int, call: Literal["acknowledgement", "decline"]) -> None:
        """Remember a call whose reply only counts when it is an error."""
        self._expected[request_id] = call
        if len(self._expected) > MAX_EXPECTED:
            self._expected.popitem(last=False)

    def on_reply(self, request_id: int, error: ErrorReply | None) -> bool:
        """Return whether this is the reply to such a call."""
        call = self._expected.pop(request_id, None)
        if call is not None and error is not None:
            self._counters[f"refused_{call}"] += 1
        return call is not None

    def lost(self) -> None:
        """The connection ended: there will be no replies."""
        self._expected.clear()


def _name(status: QuoteStatus) -> str:
    return f"{status.event} {status.quote_hash}"
