"""Disarming under load: once it is acknowledged, no further quote leaves the desk."""

import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import serve

from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.relay_stand_in import RelayStandIn, standing_in
from tests.support.processes.request_flood import RequestFlood
from tests.support.waiting import until

LONG = {"QUOTE_DEADLINE_MS": "60000", "STRATEGY_MAX_NOTIONAL_EURE": "5"}


async def sent(desk: DeskProcess) -> int:
    """Quotes the desk has written, by its own count."""
    return int((await desk.get("/state")).json()["counts"]["sent"])


@pytest.mark.parametrize(
    ("rate", "requests"), [(300, 300), pytest.param(2_000, 10_000, marks=pytest.mark.slow, id="2000 a second")]
)
@pytest.mark.parametrize("how", ["executor", "strategy", "hard stop"])
async def test_no_quote_frame_leaves_after_disarming_was_acknowledged(
    launch: Launch, rate: int, requests: int, how: str
) -> None:
    async with standing_in() as relay:
        relay.answer = None
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url, **LONG)
        await desk.arm()
        flood = RequestFlood(relay, rate)
        await flood.more(requests)
        assert len(relay.quotes) > 0
        if how == "hard stop":
            accepted(await desk.link.hard_stop())
        else:
            accepted(await desk.link.send("trade-executor" if how == "executor" else "strategy-engine", "disarm"))
        at_acknowledgement = await sent(desk)
        await flood.more(requests)
        await flood.stop()
        # A request sent last and answered by nothing but a decision: everything before it has been handled.
        await relay.ask(quote_id="last")
        shot = await desk.until(lambda shot: bool(shot.decisions) and shot.decisions[0].quote_id == "last", 60)
        assert shot.counts.sent == at_acknowledgement
        await until(lambda: len(relay.quotes) >= at_acknowledgement)
        assert len(relay.quotes) == at_acknowledgement
        assert (shot.alive.quotes > 0, shot.alive.last_death_ms > 0) == (True, True)


@contextlib.asynccontextmanager
async def non_reading_relay() -> AsyncIterator[RelayStandIn]:
    """A relay behind a small buffer that can be ingest not to read."""
    relay = RelayStandIn()
    relay.answer = None
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    async with serve(relay.serve, sock=listener, compression=None, ping_interval=None) as server:
        relay.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        yield relay
        await relay.drop()
        server.close()


async def test_an_unsent_quote_is_dropped_with_its_connection(launch: Launch) -> None:
    async with non_reading_relay() as relay:
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url, **LONG)
        await desk.arm()
        await relay.is_quoted(exact_amount_in="1000")
        relay.hold_reading(True)
        flood = RequestFlood(relay, 1_500)
        # From here on a quote, or a part of it, waits in the desk until the relay reads.
        await desk.until(lambda shot: bool(shot.decisions) and shot.decisions[0].reason == "relay", 60)
        await flood.stop()
        accepted(await desk.link.send("trade-executor", "disarm"))
        shot = await desk.until(lambda shot: shot.counts.unknown > 0)
        ingest = next(health for health in shot.health if health.part == "near-intents-ingest")
        assert ingest.counters["dropped_unsent"] == 1
        before = shot.counts.sent
        relay.hold_reading(False)
        await until(lambda: relay.closed >= 1, 20, "the relay reads the end of the connection")
        # The quote that was cut in the middle did not leave.
        assert before - 1 <= len(relay.quotes) <= before
        shot = await desk.until(lambda shot: shot.relay == "ok")
        assert (shot.counts.sent, shot.alive.quotes) == (before, before)


async def test_a_relay_that_reads_keeps_its_connection_when_the_desk_disarms(launch: Launch) -> None:
    async with standing_in() as relay:
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url, **LONG)
        await desk.arm()
        await relay.is_quoted(exact_amount_in="1000")
        await desk.disarm()
        await relay.ask(quote_id="after")
        await desk.until(lambda shot: shot.decisions[0].quote_id == "after")
        assert (relay.connections, relay.quoted("after")) == (1, 0)
