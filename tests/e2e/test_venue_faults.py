"""Salts, NEAR RPC endpoints, exchanges and relays that fail: the desk shows it and signs nothing on unknown state."""

import pytest

from cockpit.desk.interlocks.checklist import NAMES
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.quoting import quote_frames, request_once, until_quoted
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE


async def readings(desk: DeskProcess) -> int:
    return (await desk.health("inventory-sync")).counters["readings"]


async def keeps_reading(desk: DeskProcess, times: int = 2) -> None:
    """Wait for so many more readings of the balances."""
    before = await readings(desk)

    async def read() -> bool:
        return await readings(desk) >= before + times

    await until(read, 20, "the balances are read")


async def test_an_invalidated_salt_is_read_again_at_once(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000)

    await control.faults(rotate_salt="invalidate_old")
    await taker.ask_in_vain(BTC.token_id, amount_in=50_000)
    shot = await desk.until(lambda shot: shot.counts.refused == 1)
    assert "invalid salt" in shot.quotes[0].detail

    # The regular reading comes every 30 s; the refusal requests this one.
    await desk.until(lambda shot: not shot.executor_blocked, 10)
    fill = await taker.deal(BTC.token_id, amount_in=50_000)
    await desk.until(lambda shot: shot.counts.settled == 1)
    assert [hash_ for (hash_,) in desk.rows("SELECT quote_hash FROM execute_trade_commands ORDER BY id")][-1] == fill[
        "quote_hash"
    ]
    assert (await desk.snapshot()).executor_armed

    # An old salt that stays valid for a while changes nothing.
    await control.faults(rotate_salt="keep_old")
    await taker.deal(BTC.token_id, amount_in=50_000)
    await desk.until(lambda shot: shot.counts.settled == 2)


async def test_the_second_near_endpoint_takes_over(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch(INVENTORY_POLL_MS="200")
    await desk.arm()
    for failing, fault in (("near_a", "429"), ("near_b", "garbage"), ("near_a", "500")):
        await control.mend()
        await control.faults(**{failing: fault})
        await keeps_reading(desk)
        assert (await desk.health("inventory-sync")).state == "ok", fault
        assert await taker.ask(BTC.token_id, amount_in=50_000), fault


async def test_stale_balances_stop_the_quotes_until_they_are_read_again(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(INVENTORY_POLL_MS="200", INVENTORY_MAX_AGE_MS="1000")
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000)
    sent = await quote_frames(control)

    await control.faults(near_a="500", near_b="garbage")
    shot = await desk.until(lambda shot: any(h.part == "inventory-sync" and h.state == "down" for h in shot.health))
    inventory = next(health for health in shot.health if health.part == "inventory-sync")
    assert "too old" in inventory.detail
    assert "no NEAR RPC endpoint answered" in inventory.last_error
    assert (await desk.get("/inventory-sync/healthz")).status_code == 503
    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, quotes) == ("inventory_age", [])
    assert await quote_frames(control) == sent

    await control.mend()
    await until_quoted(taker)


async def test_a_wrong_exchange_price_stops_the_quotes(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    sent = await quote_frames(control)
    for bps in ("500", "-500"):
        await control.faults(exchange_lie_bps={"kraken": bps})
        shot = await desk.until(lambda shot: not shot.market.usable)
        assert "kraken" in shot.market.detail
        line = shot.interlocks[0]
        assert (line.ident, line.passed) == ("reference", False)
        assert "kraken" in line.measured
        assert 0 < (line.grace_left_ms or 0) <= 10_000
        decision, quotes = await request_once(desk, taker)
        assert (decision.reason, quotes) == ("reference", [])
        assert "kraken" in decision.detail
        assert await quote_frames(control) == sent

        await control.mend()
        await desk.until(lambda shot: shot.market.usable)
        assert await taker.ask(BTC.token_id, amount_in=50_000)
        sent += 1


async def test_one_frozen_exchange_is_left_out_and_three_stop_the_quotes(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(REFERENCE_MAX_AGE_MS="1500")
    await desk.arm()
    await control.faults(exchange_frozen=["coinbase"])
    shot = await desk.until(
        lambda shot: any(row.source == "coinbase" and row.state != "ok" for row in shot.market.sources)
    )
    assert shot.market.usable
    assert await taker.ask(BTC.token_id, amount_in=50_000)
    sent = await quote_frames(control)

    await control.faults(exchange_frozen=["coinbase", "kraken", "bitstamp"])
    await desk.until(lambda shot: not shot.market.usable)
    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, quotes) == ("reference", [])
    assert await quote_frames(control) == sent

    await control.mend()
    await until_quoted(taker)


async def test_a_dropped_relay_connection_is_reopened(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    await control.faults(relay_drop=True)
    await desk.until(lambda shot: any(h.counters.get("connects") == 2 for h in shot.health), what="connected again")
    await taker.deal(EURE.token_id, amount_out=50_000)
    await desk.until(lambda shot: shot.counts.settled == 1)


async def test_an_unanswered_quote_is_settled_by_its_settlement(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    await control.faults(relay_mute=True)
    fill = await taker.deal(BTC.token_id, amount_in=50_000)
    shot = await desk.until(lambda shot: shot.counts.settled == 1)
    assert (shot.executions[0].quote_hash, shot.executions[0].confirmed) == (fill["quote_hash"], True)
    assert shot.alive.quotes == 0
    assert all(row.unexplained == 0 for row in shot.inventory.rows)


@pytest.mark.slow
async def test_a_reference_that_stays_stale_disarms_everything(launch: Launch, control: Control) -> None:
    """The feeds freeze without closing: quoting stops with the last price's age, arming ten seconds later."""
    desk = await launch(REFERENCE_MAX_AGE_MS="1500")
    await desk.arm()
    await control.faults(exchange_frozen=["coinbase", "kraken", "bitstamp"])
    red = await desk.until(lambda shot: any(row.grace_left_ms for row in shot.interlocks))
    assert red.executor_armed
    shot = await desk.until(lambda shot: not shot.strategy_armed, what="disarmed by itself")
    assert (shot.rung, shot.executor_armed) == ("SAFE", False)
    assert shot.executor_why.startswith(f"disarmed by desk: {NAMES['reference']}: ")
    assert {(row.actor, row.command) for row in shot.journal[:2]} == {
        ("desk", "disarm trade-executor"),
        ("desk", "disarm strategy-engine"),
    }
