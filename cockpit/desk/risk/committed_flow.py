"""How much of the committed limit the requests of the last hour would use, and how many it refused."""

from typing import Protocol

import msgspec

from cockpit.desk.risk.limits import max_notional, min_notional
from cockpit.model.commands import Limits
from storage.history import RecordedRequest
from venue.protocol.assets import Unit
from venue.protocol.units import NS_PER_MS, NS_PER_S

TIMES = 3
"""The limit is to be so many times what live quotes commit on average: requests come in bursts."""
LEAST_REQUESTS = 30
"""Of fewer requests nothing is said."""
REFUSED_PARTS = 20
"""It warns when the limit refuses more than one in so many."""
MINUTES = 60
_MINUTE_NS = 60 * NS_PER_S


class FlowSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The last hour's requests that the limits on a single quote let through.

    ``needed``: what the committed limit should be for them, base units of the quote underlying; None for too few.
    ``refused`` of ``tried`` were refused by it.
    """

    requests: int
    needed: int | None
    tried: int
    refused: int

    @property
    def refuses_many(self) -> bool:
        return self.tried >= LEAST_REQUESTS and self.refused * REFUSED_PARTS > self.tried


class _Minute(msgspec.Struct, gc=False):
    requests: int = 0
    held: int = 0
    tried: int = 0
    refused: int = 0


class CommittedFlow:
    """Sums of the last sixty minutes. Times are UTC ns; one that goes back a little counts as the newest, and a clock
    that is set back by more than a minute starts the sums anew.
    """

    def __init__(self, *, margin_ms: int) -> None:
        """``margin_ms``: for how long after its deadline a quote stays committed."""
        self._margin_ms = margin_ms
        self._minutes: dict[int, _Minute] = {}
        self._newest = 0

    def note(self, at_ns: int, notional: int, life_ms: int, *, tried: bool, refused: bool) -> None:
        """Count a request. ``tried``: the limit decided about it; ``refused``: and refused it."""
        minute = self._minute(at_ns)
        found = self._minutes.get(minute)
        if found is None:
            self._forget(minute)
            found = self._minutes[minute] = _Minute()
        found.requests += 1
        found.held += notional * (max(0, life_ms) + self._margin_ms)
        found.tried += tried
        found.refused += refused

    def seen(self, now_ns: int) -> FlowSeen:
        minute = self._minute(now_ns)
        self._forget(minute)
        requests = tried = refused = held = 0
        for one in self._minutes.values():
            requests, held = requests + one.requests, held + one.held
            tried, refused = tried + one.tried, refused + one.refused
        needed = None
        if requests >= LEAST_REQUESTS:
            span_ms = (minute - min(self._minutes) + 1) * _MINUTE_NS // NS_PER_MS
            needed = -(-TIMES * held // span_ms)
        return FlowSeen(requests=requests, needed=needed, tried=tried, refused=refused)

    def _minute(self, at_ns: int) -> int:
        minute = at_ns // _MINUTE_NS
        if minute < self._newest - 1:
            self._minutes.clear()
            self._newest = minute
        self._newest = max(self._newest, minute)
        return self._newest

    def _forget(self, minute: int) -> None:
        for old in [one for one in self._minutes if one <= minute - MINUTES]:
            del self._minutes[old]


class RequestHistory(Protocol):
    """What the flow reads from the history after a restart."""

    async def requests_since(self, at_ns: int) -> tuple[RecordedRequest, ...]: ...


async def resume(flow: CommittedFlow, history: RequestHistory, now_ns: int, limits: Limits, quote: Unit) -> None:
    """Take over the last hour's requests that these limits let through. How many were refused is not taken over: the
    limits may have been others. Raises HistoryError."""
    least, largest = min_notional(limits, quote), max_notional(limits, quote)
    for one in await history.requests_since(now_ns - MINUTES * _MINUTE_NS):
        life_ms = (one.deadline_ns - one.at_ns) // NS_PER_MS
        if one.at_ns <= now_ns and least <= one.notional <= largest and life_ms <= limits.max_deadline_ms:
            flow.note(one.at_ns, one.notional, life_ms, tried=False, refused=False)
