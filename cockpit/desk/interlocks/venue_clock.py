"""Hears the venue's clock in every answer of its services, and asks when nobody else does."""

import asyncio
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime

import httpx

from cockpit.config.settings import Settings
from cockpit.desk.interlocks.clock_skew import (
    DRIFT,
    NEVER,
    WIDEST_NS,
    ClockSource,
    Judgement,
    Range,
    aimed,
    combined,
    judged,
    of_block,
    of_date,
    skew,
)
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_MS
from venue.transport.jsonrpc import VenueError

NARROW_NS = 150 * NS_PER_MS
"""Narrower than this the range is asked for in peace."""
EAGER = 8
"""So many times in a row at most it is asked for otherwise: a slow line may never give a narrow one."""
PEACE_S = 30.0
RETRY_S = 3.0
UNKNOWN_NS = 60_000 * NS_PER_MS
"""So long nothing new may be known before the clock is not trusted any more."""
STEP_NS = 500 * NS_PER_MS
_SENT = "cockpit.sent_ns"


class VenueClock:
    """What is known of the venue's time. Hooks of the HTTP client feed it; dates of other hosts are not the venue's."""

    def __init__(self, settings: Settings, *, wall_ns: Callable[[], int], monotonic_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        urls = (*settings.near_rpc_urls, settings.relay_rpc_url, settings.bridge_url)
        self._hosts = {_host(httpx.URL(url)): ClockSource() for url in urls}
        self._blocks = ClockSource()
        self._known: Range | None = None
        self._known_ns = 0
        self._ahead_ns = wall_ns() - monotonic_ns()

    @property
    def hooks(self) -> Mapping[str, list[Callable[..., object]]]:
        """For ``httpx.AsyncClient(event_hooks=…)``."""
        return {"request": [self._sent], "response": [self._received]}

    async def _sent(self, request: httpx.Request) -> None:
        request.extensions[_SENT] = self._monotonic_ns()

    async def _received(self, response: httpx.Response) -> None:
        evidence = self._hosts.get(_host(response.request.url))
        date_s = _date_s(response.headers)
        if evidence is not None and date_s is not None:
            now = self._monotonic_ns()
            evidence.add(of_date(date_s, int(response.request.extensions[_SENT]), now), now)

    def block(self, timestamp_ns: int) -> None:
        """Take in the time of a block that was told just now, UTC ns."""
        now = self._monotonic_ns()
        self._blocks.add(of_block(timestamp_ns, now), now)

    def offset(self) -> Range | None:
        """The venue's time less the monotonic clock; None while it is not known closely enough to mean anything."""
        found = self._agreed(self._monotonic_ns())
        return None if found is None or found.width_ns > WIDEST_NS else found

    def _agreed(self, now: int) -> Range | None:
        found = (one.range(now) for one in self._hosts.values())
        return combined([one for one in found if one is not None], self._blocks.range(now))

    def judge(self) -> Judgement:
        """Whether the local clock can be trusted now; what was known a minute ago still counts, no longer."""
        now = self._monotonic_ns()
        offset = self._agreed(now)
        if offset is not None and offset.width_ns <= WIDEST_NS:
            self._known, self._known_ns = offset, now
            return judged(skew(offset, self._wall_ns(), now))
        split = offset is not None and offset.width_ns < NEVER
        why = ", the venue's services disagree" if split else ""
        if self._known is None:
            return Judgement(False, f"not known yet{why}")
        unknown_ns = now - self._known_ns
        # Judged anew: the wall clock may have been set since.
        then = judged(skew(self._known.widened(unknown_ns // DRIFT), self._wall_ns(), now))
        told = f"not known for {unknown_ns // 10**9} s{why}; it was {then.told}"
        return Judgement(then.passed and unknown_ns < UNKNOWN_NS, told)

    def stepped(self) -> int:
        """By how much the wall clock was set since the last look, ns; 0 when it only ran."""
        ahead, before = self._wall_ns() - self._monotonic_ns(), self._ahead_ns
        self._ahead_ns = ahead
        return ahead - before if abs(ahead - before) > STEP_NS else 0

    async def run(self, rpc: NearRpc) -> None:
        """Ask for blocks, each time at the moment that narrows the range most, until cancelled."""
        asked = 0
        while True:
            asked += 1
            try:
                self.block((await rpc.block("optimistic")).timestamp_ns)
                answered = True
            except VenueError:
                answered = False
            offset = self.offset()
            if offset is None or not answered:
                await asyncio.sleep(RETRY_S)
                continue
            if offset.width_ns <= NARROW_NS or asked >= EAGER:
                asked = 0
                await asyncio.sleep(PEACE_S)
                offset = self.offset() or offset
            now = self._monotonic_ns()
            await asyncio.sleep((aimed(offset, now) - now) / 1e9)


def _host(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.host}:{url.port}"


def _date_s(headers: httpx.Headers) -> int | None:
    """The second that the answer was made in; None for one without a date, or from a cache."""
    text = headers.get("date")
    if text is None or headers.get("age", "0").strip() != "0":
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None
