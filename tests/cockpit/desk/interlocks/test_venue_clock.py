"""The desk reads the venue's time from the answers of its services, over real sockets and on virtual clocks."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import formatdate

import httpx
import pytest

from cockpit.config.settings import load
from cockpit.desk.interlocks.venue_clock import UNKNOWN_NS, VenueClock
from cockpit.model.environment import Environment
from tests.support.desk.builders import NOW, Clock
from tests.support.settings import loopback
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue


class VirtualClock:
    """A venue clock on virtual time, given answers of the services by hand."""

    def __init__(self) -> None:
        self.wall, self.monotonic = Clock(NOW), Clock(5 * NS_PER_S)
        self.settings = load(None, loopback())
        self.clock = VenueClock(self.settings, Environment(wall_ns=self.wall, monotonic_ns=self.monotonic))

    async def receive(self, *urls: str, ahead_ms: int = 0, **headers: str) -> None:
        for url in urls or (self.settings.near_rpc_urls[0], self.settings.relay_rpc_url, self.settings.bridge_url):
            date = formatdate((self.wall.now_ns + ahead_ms * NS_PER_MS) // NS_PER_S, usegmt=True)
            request = httpx.Request("POST", url)
            await self.clock.hooks["request"][0](request)  # type: ignore[misc]
            answer = httpx.Response(200, headers={"date": date, **headers}, request=request)
            await self.clock.hooks["response"][0](answer)  # type: ignore[misc]

    def pass_ms(self, ms: int) -> None:
        self.wall.pass_ms(ms)
        self.monotonic.pass_ms(ms)


async def test_it_does_not_pass_without_any_answer() -> None:
    virtual = VirtualClock()
    assert (virtual.clock.judge().passed, virtual.clock.judge().detail) == (False, "not known yet")


async def test_dates_that_agree_pass_and_those_that_are_off_fail() -> None:
    virtual = VirtualClock()
    await virtual.receive()
    assert virtual.clock.judge().passed
    behind = VirtualClock()
    await behind.receive(ahead_ms=3_000)
    judgement = behind.clock.judge()
    assert not judgement.passed
    assert judgement.detail == "3.0 s to 4.0 s behind the venue's"


async def test_dates_of_other_hosts_of_caches_and_of_nonsense_count_for_nothing() -> None:
    virtual = VirtualClock()
    await virtual.receive("http://127.0.0.1:7/elsewhere")
    await virtual.receive(age="30")
    await virtual.receive(date="yesterday")
    assert virtual.clock.judge().detail == "not known yet"


async def test_a_clock_set_by_a_minute_is_noticed_at_the_next_call_and_again_when_it_is_set_back() -> None:
    virtual = VirtualClock()
    await virtual.receive()
    virtual.pass_ms(250)
    assert virtual.clock.stepped() == 0
    virtual.wall.pass_ms(60_000)
    assert virtual.clock.stepped() == 60 * NS_PER_S
    assert virtual.clock.stepped() == 0
    judgement = virtual.clock.judge()
    assert not judgement.passed
    assert "ahead of the venue's" in judgement.detail
    virtual.wall.pass_ms(-60_000)
    assert virtual.clock.stepped() == -60 * NS_PER_S
    assert virtual.clock.judge().passed


async def test_what_was_known_counts_for_a_minute_without_answers() -> None:
    virtual = VirtualClock()
    await virtual.receive()
    assert virtual.clock.judge().passed
    virtual.pass_ms(301_000)
    assert virtual.clock.judge().passed is False
    virtual = VirtualClock()
    await virtual.receive()
    for _ in range(5):
        virtual.pass_ms(59_000)
        assert virtual.clock.judge().passed
    virtual.pass_ms(6_000 + UNKNOWN_NS // NS_PER_MS - 1_000)
    assert "unknown for" in virtual.clock.judge().detail
    assert not virtual.clock.judge().passed


async def test_a_clock_that_is_set_while_the_time_is_unknown_is_noticed_all_the_same() -> None:
    virtual = VirtualClock()
    await virtual.receive()
    for _ in range(5):
        virtual.pass_ms(59_000)
        assert virtual.clock.judge().passed
    virtual.pass_ms(10_000)
    judgement = virtual.clock.judge()
    assert (judgement.passed, "unknown for 10 s" in judgement.detail) == (True, True)
    virtual.wall.pass_ms(60_000)
    assert not virtual.clock.judge().passed


async def test_a_disagreement_of_the_services_is_shown() -> None:
    virtual = VirtualClock()
    await virtual.receive(virtual.settings.bridge_url)
    await virtual.receive(virtual.settings.near_rpc_urls[0], ahead_ms=60_000)
    assert virtual.clock.judge().detail == "not known yet, the venue's services disagree"
    assert not virtual.clock.judge().passed
    await virtual.receive(virtual.settings.relay_rpc_url)
    assert virtual.clock.judge().passed


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    venue = Venue(VenueConfig(rate=0, rivals=False, deposit_btc=0, start_paused=True))
    await venue.start()
    yield venue
    await venue.stop()


async def test_the_sandbox_dates_its_answers_and_can_be_made_to_date_them_wrongly(venue: Venue) -> None:
    env = {name: value for name, value in venue.env().items() if name != "SANDBOX_CONTROL_URL"}
    settings = load(None, loopback(**env))
    clock = VenueClock(settings, Environment())
    async with httpx.AsyncClient(trust_env=False, event_hooks=clock.hooks) as client:
        rpc = NearRpc(settings.near_rpc_urls, client)
        running = asyncio.create_task(clock.run(rpc))
        try:
            async with asyncio.timeout(60):
                while (offset := clock.offset()) is None or offset.width_ns > 400 * NS_PER_MS:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            judgement = clock.judge()
            assert judgement.passed
            assert judgement.detail.startswith("no error found; known to ±"), judgement
            control = venue.env()["SANDBOX_CONTROL_URL"]
            (await client.post(f"{control}/faults", json={"clock_skew_ms": 60_000})).raise_for_status()
            for block in await rpc.survey.ask():
                clock.block(block.timestamp_ns)
            judgement = clock.judge()
            assert not judgement.passed
        finally:
            running.cancel()
    assert "behind the venue's" in judgement.detail
