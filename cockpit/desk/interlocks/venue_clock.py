"""Reads the venue's time from every answer of its services, and polls for it when nothing else does."""

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
    certain_error,
    combined,
    judged,
    of_block,
    of_date,
    skew,
)
from cockpit.model.environment import Environment
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_MS, NS_PER_S

NARROW_NS = 150 * NS_PER_MS
"""Below this width, poll at the idle rate."""
MAX_FAST_POLLS = 8
"""Poll fast at most so many times in a row: a slow connection may never give a narrow range."""
IDLE_POLL_S = 15.0
RETRY_S = 3.0
UNKNOWN_NS = 60 * NS_PER_S
"""The clock is trusted for so long after the venue's time was last known."""
STEP_NS = 500 * NS_PER_MS
_SENT = "cockpit.sent_ns"


class VenueClock:
    """What is known of the venue's time, fed by hooks of the HTTP client. Dates of other hosts do not count.

    ``ahead_ns``: by how much the local clock was certainly ahead when it was judged last; 0 while that is unknown.
    """

    def __init__(self, settings: Settings, env: Environment) -> None:
        self._wall_ns = env.wall_ns
        self._monotonic_ns = env.monotonic_ns
        urls = (*settings.near_rpc_urls, settings.relay_rpc_url, settings.bridge_url)
        self._hosts = {_host(httpx.URL(url)): ClockSource() for url in urls}
        self._blocks = ClockSource()
        self._known: Range | None = None
        self._known_ns = 0
        self.ahead_ns = 0
        self._ahead_ns = env.wall_ns() - env.monotonic_ns()

    @property
    def hooks(self) -> Mapping[str, list[Callable[..., object]]]:
        """For ``httpx.AsyncClient(event_hooks=…)``."""
        return {"request": [self._sent], "response": [self._received]}

    async def _sent(self, request: httpx.Request) -> None:
        request.extensions[_SENT] = self._monotonic_ns()

    async def _received(self, response: httpx.Response) -> None:
        source = self._hosts.get(_host(response.request.url))
        date_s = _date_s(response.headers)
        if source is not None and date_s is not None:
            now = self._monotonic_ns()
            source.add(of_date(date_s, int(response.request.extensions[_SENT]), now), now)

    def block(self, timestamp_ns: int) -> None:
        """Add the time (UTC ns) of a block that was received just now."""
        now = self._monotonic_ns()
        self._blocks.add(of_block(timestamp_ns, now), now)

    def offset(self) -> Range | None:
        """Return the venue's time less the monotonic clock, ns; None while it is not known within ``WIDEST_NS``."""
        found = self._agreed(self._monotonic_ns())
        return None if found is None or found.width_ns > WIDEST_NS else found

    def _agreed(self, now: int) -> Range | None:
        found = (one.range(now) for one in self._hosts.values())
        return combined([one for one in found if one is not None], self._blocks.range(now))

    def judge(self) -> Judgement:
        """Judge whether the local clock can be trusted now. What was known up to a minute ago still counts."""
        now = self._monotonic_ns()
        offset = self._agreed(now)
        if offset is not None and offset.width_ns <= WIDEST_NS:
            self._known, self._known_ns = offset, now
            found = skew(offset, self._wall_ns(), now)
            self.ahead_ns = certain_error(found)
            return judged(found)
        split = offset is not None and offset.width_ns < NEVER
        reason = ", the venue's services disagree" if split else ""
        self.ahead_ns = 0
        if self._known is None:
            return Judgement(False, f"not known yet{reason}")
        unknown_ns = now - self._known_ns
        # Judged anew: the wall clock may have been set since.
        then = judged(skew(self._known.widened(unknown_ns // DRIFT), self._wall_ns(), now))
        detail = f"unknown for {unknown_ns // NS_PER_S} s{reason}; before: {then.detail}"
        return Judgement(then.passed and unknown_ns < UNKNOWN_NS, detail)

    def stepped(self) -> int:
        """Return by how much the wall clock was set since the last call, ns; 0 when it only ran."""
        ahead, before = self._wall_ns() - self._monotonic_ns(), self._ahead_ns
        self._ahead_ns = ahead
        return ahead - before if abs(ahead - before) > STEP_NS else 0

    async def run(self, rpc: NearRpc) -> None:
        """Poll every endpoint for its block, each time at the moment that narrows the range most, until cancelled.

        The endpoints are compared with each other by the same answers.
        """
        polls = 0
        while True:
            polls += 1
            blocks = await rpc.survey.ask()
            for block in blocks:
                self.block(block.timestamp_ns)
            offset = self.offset()
            if offset is None or not blocks:
                await asyncio.sleep(RETRY_S)
                continue
            if offset.width_ns <= NARROW_NS or polls >= MAX_FAST_POLLS:
                polls = 0
                await asyncio.sleep(IDLE_POLL_S)
                offset = self.offset() or offset
            now = self._monotonic_ns()
            await asyncio.sleep((aimed(offset, now) - now) / 1e9)


def _host(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.host}:{url.port}"


def _date_s(headers: httpx.Headers) -> int | None:
    # An answer from a cache (with an age) was dated before it was sent.
    text = headers.get("date")
    if text is None or headers.get("age", "0").strip() != "0":
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None
