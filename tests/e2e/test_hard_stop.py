"""The hard stop: live quotes are burned on the chain and settled ones counted apart, whatever answers are lost."""

import asyncio
import json
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from cockpit.desk.api.command_handler import NO_LIVE_QUOTES
from cockpit.desk.quote_book.book import SALT_INVALID
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.relay_rpc_recorder import recording
from tests.support.processes.relay_stand_in import standing_in
from tests.support.processes.request_flood import RequestFlood
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC

LONG = {"QUOTE_DEADLINE_MS": "60000", "QUOTE_MAX_DEADLINE_MS": "60000"}


async def hard_stop(desk: DeskProcess, command_id: str = "") -> dict[str, object]:
    transport = httpx.AsyncHTTPTransport(uds=str(desk.socket_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=60) as client:
        body = {"actor": "test", **({"command_id": command_id} if command_id else {})}
        answer = await client.post("/trade-executor/hard-stop", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = json.loads(answer.content)
    return found


async def quoted(taker: Taker, count: int) -> list[dict[str, object]]:
    """So many quotes that nobody has taken."""
    found = await asyncio.gather(
        *(taker.ask(BTC.token_id, amount_in=50_000 + number, min_deadline_ms=30_000) for number in range(count))
    )
    assert all(found)
    return [quotes[0] for quotes in found]


def outcomes(desk: DeskProcess) -> Counter[str]:
    return Counter(row[0] for row in desk.rows("SELECT outcome FROM trade_execution_results"))


async def test_live_quotes_are_burned_and_settled_ones_are_not_counted_as_burned(launch: Launch, taker: Taker) -> None:
    desk = await launch(**LONG)
    await desk.arm()
    quotes = await quoted(taker, 40)
    await desk.until(lambda shot: shot.alive.quotes == 40 and shot.counts.accepted == 40)
    # Three are taken at the very moment of the stop: the chain decides who was first.
    taken, answer = await asyncio.gather(asyncio.gather(*(taker.take(quote) for quote in quotes[:3])), hard_stop(desk))
    assert answer["accepted"]
    shot = await desk.until(lambda shot: shot.alive.quotes == 0 and shot.hard_stop is not None, 30)
    assert shot.hard_stop is not None
    assert (shot.strategy_armed, shot.executor_armed) == (False, False)
    settled = sum(published["status"] == "OK" for published in taken)
    assert (shot.hard_stop.asked - shot.hard_stop.settled, shot.hard_stop.left) == (shot.hard_stop.burned, 0)
    assert shot.counts.settled + shot.hard_stop.burned == 40
    assert shot.counts.settled <= settled
    assert [row.unexplained for row in shot.inventory.rows] == [0, 0]
    assert [row.reserved for row in shot.inventory.rows] == [0, 0]
    assert shot.alive.last_death_ms == 0
    await until(lambda: outcomes(desk)["burned"] == shot.hard_stop.burned)  # type: ignore[union-attr]
    journal = "SELECT reason FROM operator_actions WHERE command = 'hard-stop ended'"
    await until(lambda: len(desk.rows(journal)) == 1)
    assert f"{shot.hard_stop.burned} burned" in desk.rows(journal)[0][0]
    # A burned quote can never be settled.
    refused = await taker.take(quotes[-1])
    assert (refused["status"], "nonce was already used" in refused["reason"]) == ("FAILED", True)
    assert (await desk.snapshot()).executor_blocked == ""


@pytest.mark.parametrize("fault", ["swallow", "late", pytest.param("drop", marks=pytest.mark.slow)])
async def test_quotes_are_burned_although_answers_are_lost_or_late(
    launch: Launch, control: Control, taker: Taker, fault: str
) -> None:
    desk = await launch(**LONG)
    await desk.arm()
    await quoted(taker, 4)
    await desk.until(lambda shot: shot.alive.quotes == 4)
    await control.faults(publish={"mode": fault, "times": 1, "delay_s": 0.5})
    await hard_stop(desk)
    shot = await desk.until(lambda shot: shot.alive.quotes == 0, 30, f"{fault}: all burned")
    assert shot.hard_stop is not None
    assert (shot.hard_stop.burned, shot.hard_stop.left) == (4, 0)


async def salts_of_two_kinds(desk: DeskProcess, control: Control, taker: Taker, before: int, after: int) -> None:
    """So many live quotes with a salt that is invalidated then, and so many with the next one."""
    await quoted(taker, before)
    await desk.until(lambda shot: shot.alive.quotes == before)
    await control.faults(rotate_salt="invalidate_old")

    async def quoting_again() -> bool:
        return bool(await taker.ask(BTC.token_id, amount_in=40_000, min_deadline_ms=30_000, max_wait_ms=300))

    await until(quoting_again, 30, "the desk signs with the new salt")
    await quoted(taker, after - 1)
    await desk.until(lambda shot: shot.alive.quotes == before + after)


async def test_quotes_with_an_invalidated_salt_are_left_out_and_stay_committed(
    launch: Launch, control: Control, taker: Taker
) -> None:
    async with recording(control.env["NEAR_INTENTS_RELAY_RPC_URL"]) as rpc:
        desk = await launch(NEAR_INTENTS_RELAY_RPC_URL=rpc.url, **LONG)
        await desk.arm()
        await salts_of_two_kinds(desk, control, taker, 6, 30)
        await control.faults(status_after_s=60)
        await hard_stop(desk)
        shot = await desk.until(lambda shot: shot.hard_stop is not None and not shot.hard_stop.left, 15)
        assert shot.hard_stop is not None
        # Quotes that were refused for their salt are signed all the same.
        refused = shot.counts.refused
        assert (shot.hard_stop.asked, shot.hard_stop.burned) == (36 + refused, 30)
        assert shot.hard_stop.unburnable == 6 + refused
        assert 0 < shot.hard_stop.unburnable_left_ms <= 60_000
        assert (shot.alive.quotes, rpc.published, rpc.asked) == (6, 2, 0)
        shown = [row for row in shot.quotes if row.outcome == "no salt"]
        assert [row.detail for row in shown] == [SALT_INVALID] * (6 + refused)
        ended = "SELECT reason FROM operator_actions WHERE command = 'hard-stop ended'"
        await until(lambda: len(desk.rows(ended)) == 1)
        assert f"{6 + refused} with an invalidated salt" in desk.rows(ended)[0][0]


@pytest.mark.slow
async def test_two_hundred_quotes_are_over_in_forty_seconds_with_slow_settlement_and_index(
    tmp_path: Path, short_dir: Path
) -> None:
    venue = VenueProcess(
        tmp_path,
        "--rate",
        "0",
        "--no-rivals",
        "--deposit-btc",
        "0",
        "--settle-s",
        "8",
        "14",
        "--set",
        "status_after_s=12",
    )
    control = Control(venue.env)
    await control.traders(True)
    taker = Taker(control)
    await taker.fund()
    try:
        async with AsyncExitStack() as ending, recording(venue.env["NEAR_INTENTS_RELAY_RPC_URL"]) as rpc:
            desk = DeskProcess(short_dir, {**venue.env, "NEAR_INTENTS_RELAY_RPC_URL": rpc.url, **LONG})
            ending.push_async_callback(desk.close)
            await desk.start()
            await desk.arm()
            await salts_of_two_kinds(desk, control, taker, 60, 140)
            # One is taken at the moment of the stop: its batch fails on the chain, and the rest is handed in again.
            (chosen,) = await taker.ask(BTC.token_id, amount_in=45_000, min_deadline_ms=30_000)
            published = await taker.take(chosen)
            assert published["status"] == "OK"
            began = time.monotonic()
            await hard_stop(desk)
            shot = await desk.until(lambda shot: shot.hard_stop is not None and not shot.hard_stop.left, 60)
            took_s = time.monotonic() - began
            stop = shot.hard_stop
            assert stop is not None
            measured = f"{took_s:.1f} s, {rpc.published} published, {rpc.asked} asked, {rpc.shortest_gap_s():.1f} s"
            assert took_s < 40, measured
            assert rpc.shortest_gap_s() >= 15, measured
            assert stop.asked == 201 + shot.counts.refused
            assert stop.burned + stop.settled + stop.unburnable + stop.expired == stop.asked
            assert stop.burned + stop.settled == 141
            assert [row.unexplained for row in shot.inventory.rows if row.unexplained] == []
    finally:
        await control.http.aclose()
        venue.process.stop()


async def test_a_repeated_command_is_one_hard_stop(launch: Launch, taker: Taker) -> None:
    desk = await launch(**LONG)
    await desk.arm()
    await quoted(taker, 3)
    await desk.until(lambda shot: shot.alive.quotes == 3)
    first, second = await hard_stop(desk, "stop-1"), await hard_stop(desk, "stop-1")
    assert first == second
    await desk.until(lambda shot: shot.alive.quotes == 0, 30)
    await until(lambda: outcomes(desk)["burned"] == 3)
    await until(lambda: desk.count("SELECT COUNT(*) FROM operator_actions WHERE command = 'hard-stop'") == 1)


async def test_a_crash_during_a_hard_stop_is_resolved_by_the_next_run(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(**LONG)
    await desk.arm()
    quotes = await quoted(taker, 6)
    await desk.until(lambda shot: shot.alive.quotes == 6 and shot.counts.accepted == 6)
    # Handed in, but the desk never learns of it: one was taken before.
    assert (await taker.take(quotes[0]))["status"] == "OK"
    await control.faults(near_a="500", near_b="500")
    await hard_stop(desk)
    await until(lambda: outcomes(desk)["burning"] >= 5)
    desk.process.kill()
    await control.mend()
    await desk.start()
    shot = await desk.until(lambda shot: shot.inventory.rows[0].unexplained == 0, 30)
    assert any("previous run" in finding for finding in shot.findings)
    await hard_stop(desk)
    await desk.until(lambda shot: shot.alive.quotes == 0, 30)
    await until(lambda: outcomes(desk)["burned"] == 5)
    assert desk.rows("SELECT quote_hash FROM trade_execution_results WHERE outcome = 'settled'") == [
        (quotes[0]["quote_hash"],)
    ]
    assert time.time_ns() < desk.count("SELECT MAX(deadline_ns) FROM execute_trade_commands")


async def test_without_a_live_quote_nothing_is_burned(launch: Launch) -> None:
    desk = await launch()
    await desk.ready()
    assert NO_LIVE_QUOTES in str((await hard_stop(desk))["reason"])
    assert (await desk.snapshot()).hard_stop is None


@pytest.mark.slow
async def test_a_thousand_live_quotes_are_burned_within_a_minute(launch: Launch) -> None:
    async with standing_in() as relay:
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url, **{**LONG, "STRATEGY_MAX_NOTIONAL_EURE": "5"})
        await desk.arm()
        flood = RequestFlood(relay, 300)
        await until(lambda: len(relay.quotes) >= 1_000, 30)
        await hard_stop(desk)
        await flood.stop()
        # Each nonce is asked of two nodes, so this takes half a minute on a quiet machine.
        shot = await desk.until(lambda shot: shot.alive.quotes == 0, 60)
        assert shot.hard_stop is not None
        assert (shot.hard_stop.burned, shot.hard_stop.left) == (shot.hard_stop.asked, 0)
        assert shot.hard_stop.asked >= 1_000
