"""The desk hears the venue's time in the answers of its services, over real sockets or by a clock of the test's own."""

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import httpx
import pytest

from cockpit.config.settings import load
from cockpit.desk.interlocks.venue_clock import UNKNOWN_NS, VenueClock
from tests.support.desk.builders import NOW, Clock
from tests.support.settings import loopback
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue


class Watched:
    """A clock that heard so many answers of each service, every one of them at once."""

    def __init__(self) -> None:
        self.wall, self.monotonic = Clock(NOW), Clock(5 * NS_PER_S)
        self.settings = load(None, loopback())
        self.clock = VenueClock(self.settings, wall_ns=self.wall, monotonic_ns=self.monotonic)

    async def hear(self, *urls: str, ahead_ms: int = 0, **headers: str) -> None:
        for url in urls or (self.settings.near_rpc_urls[0], self.settings.relay_rpc_url, self.settings.bridge_url):
            date = formatdate((self.wall.now_ns + ahead_ms * NS_PER_MS) // NS_PER_S, usegmt=True)
            request = httpx.Request("POST", url)
            await self.clock.hooks["request"][0](request)  # type: ignore[misc]
            answer = httpx.Response(200, headers={"date": date, **headers}, request=request)
            await self.clock.hooks["response"][0](answer)  # type: ignore[misc]

    def pass_ms(self, ms: int) -> None:
        self.wall.pass_ms(ms)
        self.monotonic.pass_ms(ms)


async def test_nothing_heard_is_not_green() -> None:
    watched = Watched()
    assert (watched.clock.judge().passed, watched.clock.judge().told) == (False, "not known yet")


async def test_dates_that_agree_are_green_and_those_that_are_off_are_red() -> None:
    watched = Watched()
    await watched.hear()
    assert watched.clock.judge().passed
    behind = Watched()
    await behind.hear(ahead_ms=3_000)
    judgement = behind.clock.judge()
    assert not judgement.passed
    assert judgement.told == "3.0 s to 4.0 s behind the venue's"


async def test_dates_of_other_hosts_of_caches_and_of_nonsense_count_for_nothing() -> None:
    watched = Watched()
    await watched.hear("http://127.0.0.1:7/elsewhere")
    await watched.hear(age="30")
    await watched.hear(date="yesterday")
    assert watched.clock.judge().told == "not known yet"


async def test_a_clock_set_by_a_minute_is_seen_at_the_next_look_and_again_when_it_is_set_right() -> None:
    watched = Watched()
    await watched.hear()
    watched.pass_ms(250)
    assert watched.clock.stepped() == 0
    watched.wall.pass_ms(60_000)
    assert watched.clock.stepped() == 60 * NS_PER_S
    assert watched.clock.stepped() == 0
    judgement = watched.clock.judge()
    assert not judgement.passed
    assert "ahead of the venue's" in judgement.told
    watched.wall.pass_ms(-60_000)
    assert watched.clock.stepped() == -60 * NS_PER_S
    assert watched.clock.judge().passed


async def test_what_was_known_counts_for_a_minute_of_silence() -> None:
    watched = Watched()
    await watched.hear()
    assert watched.clock.judge().passed
    watched.pass_ms(301_000)
    assert watched.clock.judge().passed is False
    watched = Watched()
    await watched.hear()
    for _ in range(5):
        watched.pass_ms(59_000)
        assert watched.clock.judge().passed
    watched.pass_ms(6_000 + UNKNOWN_NS // NS_PER_MS - 1_000)
    assert "not known for" in watched.clock.judge().told
    assert not watched.clock.judge().passed


async def test_a_clock_that_is_set_while_nothing_is_known_is_seen_all_the_same() -> None:
    watched = Watched()
    await watched.hear()
    for _ in range(5):
        watched.pass_ms(59_000)
        assert watched.clock.judge().passed
    watched.pass_ms(10_000)
    judgement = watched.clock.judge()
    assert (judgement.passed, "not known for 10 s" in judgement.told) == (True, True)
    watched.wall.pass_ms(60_000)
    assert not watched.clock.judge().passed


async def test_services_that_disagree_are_said_to() -> None:
    watched = Watched()
    await watched.hear(watched.settings.bridge_url)
    await watched.hear(watched.settings.near_rpc_urls[0], ahead_ms=60_000)
    assert watched.clock.judge().told == "not known yet, the venue's services disagree"
    assert not watched.clock.judge().passed
    await watched.hear(watched.settings.relay_rpc_url)
    assert watched.clock.judge().passed


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    venue = Venue(VenueConfig(rate=0, rivals=False, deposit_btc=0, start_paused=True))
    await venue.start()
    yield venue
    await venue.stop()


async def test_the_sandbox_tells_its_time_and_can_be_made_to_tell_another(venue: Venue) -> None:
    env = {name: value for name, value in venue.env().items() if name != "SANDBOX_CONTROL_URL"}
    settings = load(None, loopback(**env))
    clock = VenueClock(settings, wall_ns=time.time_ns, monotonic_ns=time.perf_counter_ns)
    async with httpx.AsyncClient(trust_env=False, event_hooks=clock.hooks) as client:
        rpc = NearRpc(settings.near_rpc_urls, client)
        running = asyncio.create_task(clock.run(rpc))
        try:
            async with asyncio.timeout(10):
                while (offset := clock.offset()) is None or offset.width_ns > 400 * NS_PER_MS:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            judgement = clock.judge()
            assert judgement.passed
            assert judgement.told.startswith("within ±"), judgement
            control = venue.env()["SANDBOX_CONTROL_URL"]
            (await client.post(f"{control}/faults", json={"clock_skew_ms": 60_000})).raise_for_status()
            clock.block((await rpc.block()).timestamp_ns)
            judgement = clock.judge()
            assert not judgement.passed
        finally:
            running.cancel()
    assert "behind the venue's" in judgement.told
