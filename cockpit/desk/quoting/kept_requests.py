"""Requests of the last hour with what the desk knew then, for questions of the kind "and under other rules?"."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from cockpit.model.events import SwapDemand
from venue.protocol.assets import Market
from venue.protocol.units import NS_PER_S

MOST = 2_000
OVER_NS = 3_600 * NS_PER_S
_APART_NS = OVER_NS // MOST


class KeptRequest(msgspec.Struct, frozen=True, gc=False):
    """A request, its market, and the recorded view of the decision on it."""

    request: SwapDemand
    market: Market
    view: str


class KeptRequests:
    """Keeps every request while there are few, and then one of each moment: at most 2,000 over an hour."""

    def __init__(self) -> None:
        self._kept: deque[KeptRequest] = deque(maxlen=MOST)
        self._apart_ns = 0
        self._next_ns = 0

    def note(self, request: SwapDemand, market: Market, view: Callable[[], str]) -> None:
        """Take a request after it was answered; only where it is kept, its view is made. One comparison for most.

        A request whose view cannot be made is not kept; the failure of its decision's record is reported already.
        """
        at_ns = request.at_ns
        # A clock that was set back must not keep everything out.
        if request.dry or self._next_ns - self._apart_ns <= at_ns < self._next_ns:
            return
        self._next_ns = at_ns + self._apart_ns
        if len(self._kept) == MOST and self._apart_ns < _APART_NS:
            self._thin()
        with suppress(Exception):
            self._kept.append(KeptRequest(request, market, view()))

    def of_last_hour(self, now_ns: int) -> tuple[KeptRequest, ...]:
        """Return what was kept of the hour until now, oldest first."""
        return tuple(one for one in self._kept if now_ns - OVER_NS <= one.request.at_ns <= now_ns)

    def _thin(self) -> None:
        kept = list(self._kept)[::2]
        spanned_ns = max(0, kept[-1].request.at_ns - kept[0].request.at_ns)
        self._apart_ns = min(_APART_NS, spanned_ns // len(kept))
        self._kept = deque(kept, maxlen=MOST)
