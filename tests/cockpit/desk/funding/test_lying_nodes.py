"""NEAR RPC endpoints that lie about time, height and nonces: no live withdrawal is called dead, and nothing bricks."""

import asyncio
import time

import pytest

from cockpit.desk.funding.messages import REOPENED
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.inventory import startup_findings as findings
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.health import healths
from cockpit.model.snapshot import PartHealth
from storage.history import PreviousRun
from tests.cockpit.desk.funding.test_expiry import polls_again
from tests.support.amounts import btc_eure
from tests.support.funding.funding_harness import FOREVER, FundingBench, FundingRun
from tests.support.waiting import until
from venue.protocol.amounts import NOTHING
from venue.sandbox.base.lies import HEIGHT_AHEAD
from venue.signing.signed_bytes import decode_signed
from venue.signing.signer import LONGEST_INTENT_NS

AMOUNT = 100_007
PREVIOUS = PreviousRun(run_id="run-0", clean=True, last_deadline_ns=0, last_write_ns=0, max_deadline_ms=60_000)
BOTH = ("near_a", "near_b")


def lies(lie: str, *nodes: str) -> dict[str, object]:
    return {"near_lies": dict.fromkeys(nodes, lie)}


def shown(life: FundingRun) -> tuple[PartHealth, ...]:
    return healths(life.trading, life.writer, Supervisor(), life.env.wall_ns())


@pytest.mark.parametrize("nodes", [BOTH[:1], BOTH], ids=["one", "both"])
async def test_a_block_time_ahead_calls_no_live_withdrawal_expired(bench: FundingBench, nodes: tuple[str, ...]) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(publish={"mode": "drop", "times": 100_000})
    assert (await life.order(AMOUNT, route="intent")).accepted
    await life.reaches("unknown")
    await bench.faults(**lies("time_ahead", *nodes))
    await polls_again(life)
    assert life.only().state in ("sent", "unknown"), life.states()
    await bench.faults(mend=True)
    life.only().next_ns = 0
    await life.reaches("completed")
    assert (bench.held(), len(bench.payments())) == (before - AMOUNT, 1)
    await life.until_explained()


async def test_no_deadline_is_signed_beyond_ten_minutes_whatever_a_node_says(bench: FundingBench) -> None:
    life = await bench.life(follow=False)
    await bench.faults(**lies("time_end", "near_a"))
    assert (await life.order(AMOUNT, "a", route="intent")).accepted
    prepared = life.only().prepared
    assert prepared is not None
    assert prepared.expires_ns <= time.time_ns() + LONGEST_INTENT_NS
    await bench.faults(**lies("time_end", *BOTH))
    refused = await life.order(AMOUNT, "b", route="intent")
    assert not refused.accepted
    assert len(await life.history.prepared_withdrawals()) == 1


async def test_an_executed_intent_is_not_called_dead_by_the_node_that_denies_it(bench: FundingBench) -> None:
    life, before = await bench.life(follow=False), bench.held()
    await bench.faults(
        publish={"mode": "swallow", "times": 1}, relay_not_found_s=FOREVER, **lies("nonces_unused", "near_a")
    )
    assert (await life.order(AMOUNT, route="intent")).accepted
    following = asyncio.create_task(life.funding.withdrawals.run())
    await until(lambda: bench.held() == before - AMOUNT)
    await bench.forward(700)
    await polls_again(life)
    assert life.only().state in ("sent", "unknown"), life.states()
    following.cancel()
    life.follow()
    await life.reaches("completed")
    await life.until_explained()
    assert len(bench.payments()) == 1


async def test_one_node_that_calls_the_nonce_used_ends_no_withdrawal(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(publish={"mode": "drop", "times": 100_000}, **lies("nonces_used", "near_a"))
    assert (await life.order(AMOUNT, route="intent")).accepted
    await until(lambda: "one NEAR RPC endpoint says" in life.only().detail)
    await polls_again(life)
    assert life.only().state in ("sent", "unknown")
    await bench.faults(mend=True)
    life.only().next_ns = 0
    await life.reaches("completed")
    assert len(bench.payments()) == 1
    await life.until_explained()


async def test_a_single_endpoint_must_wait_an_hour_longer(bench: FundingBench) -> None:
    near = bench.venue.env()["NEAR_RPC_URL"].split(",")[0]
    life = await bench.life(NEAR_RPC_URL=near)
    await bench.faults(publish={"mode": "drop", "times": 100_000})
    assert (await life.order(AMOUNT, route="intent")).accepted
    await life.reaches("unknown")
    await bench.forward(700)
    await polls_again(life)
    assert "the local clock is past its deadline in" in life.only().detail
    assert life.only().state == "unknown"
    await bench.forward(3_600)
    life.only().next_ns = 0
    await life.reaches("expired")


async def test_a_second_endpoint_that_is_down_leaves_it_undecided(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(publish={"mode": "drop", "times": 100_000}, near_b="500")
    assert (await life.order(AMOUNT, route="intent")).accepted
    await life.reaches("unknown")
    await bench.forward(700)
    await polls_again(life)
    assert life.only().state == "unknown"
    assert "1 of 2 NEAR RPC endpoints" in life.only().detail
    await bench.faults(near_b="ok")
    life.only().next_ns = 0
    await life.reaches("expired")


async def test_a_height_ahead_for_a_while_closes_nothing(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(**lies("height_ahead", "near_a"))
    for _ in range(3):
        assert await life.trading.inventory.sync("poll") == "the balances are explained"
    (health,) = [one for one in shown(life) if one.part == "inventory-sync"]
    assert health.state == "degraded"
    assert f"it names block {HEIGHT_AHEAD:,}" in health.last_error
    await bench.faults(mend=True)
    ledger = life.trading.inventory.ledger
    assert ledger.height < HEIGHT_AHEAD
    await life.trading.rpc.survey.ask()
    assert life.trading.rpc.survey.dissent == ""
    assert (await life.order(AMOUNT)).accepted
    await life.reaches("completed")
    await life.until_explained()


async def test_a_height_that_a_lone_node_lied_about_holds_up_no_later_start(bench: FundingBench) -> None:
    near = bench.venue.env()["NEAR_RPC_URL"].split(",")[0]
    await bench.faults(**lies("height_ahead", "near_a"))
    life = await bench.life(follow=False, NEAR_RPC_URL=near)
    assert life.trading.inventory.ledger.height == HEIGHT_AHEAD
    await life.writer.flush()
    await life.crash()
    await bench.faults(mend=True)
    life = await bench.life(follow=False, opened=False, NEAR_RPC_URL=near)
    await life.trading.startup.load(PREVIOUS)
    assert await life.trading.inventory.sync("opening") == "opening balances read"
    assert findings.set_aside(HEIGHT_AHEAD) in life.trading.startup.findings()
    assert life.trading.inventory.ledger.unexplained == NOTHING
    life.follow()
    assert (await life.order(AMOUNT)).accepted
    await life.reaches("completed")


async def taken_for_dead(bench: FundingBench) -> tuple[FundingRun, Withdrawal]:
    """A withdrawal whose bytes are out, and that this run calls expired."""
    life = await bench.life(follow=False)
    assert (await life.order(AMOUNT, route="intent")).accepted
    withdrawal = life.only()
    life.trading.withdrawals.move(withdrawal, "sent", "released to be sent")
    life.trading.withdrawals.move(withdrawal, "expired", "all nodes lied")
    return life, withdrawal


async def execute(bench: FundingBench, life: FundingRun, withdrawal: Withdrawal) -> None:
    assert withdrawal.prepared is not None
    before = bench.held()
    await life.trading.relay_rpc.publish_intent(decode_signed(withdrawal.prepared))
    await until(lambda: bench.held() == before - AMOUNT)


async def test_the_burn_of_an_expired_withdrawal_explains_the_balances_and_reopens_it(bench: FundingBench) -> None:
    life, withdrawal = await taken_for_dead(bench)
    assert withdrawal.is_dead
    assert not withdrawal.followed
    await execute(bench, life, withdrawal)
    assert await life.trading.inventory.sync("poll") == "the balances are explained"
    ledger = life.trading.inventory.ledger
    assert (ledger.unexplained, ledger.withdrawn) == (NOTHING, btc_eure(AMOUNT, 0))
    assert (withdrawal.state, withdrawal.detail) == ("burned", REOPENED)
    life.follow()
    await life.reaches("completed")
    assert (await life.rows())[:5] == ["requested", "prepared", "sent", "expired", "burned"]


@pytest.mark.parametrize("when", ["before the opening", "after the opening"])
async def test_it_is_reopened_after_a_restart_too(bench: FundingBench, when: str) -> None:
    life, withdrawal = await taken_for_dead(bench)
    await life.trading.inventory.sync("poll")
    await life.writer.flush()
    if when == "before the opening":
        await execute(bench, life, withdrawal)
    await life.crash()
    life = await bench.life(follow=False, opened=False)
    await life.trading.startup.load(PREVIOUS)
    assert await life.trading.inventory.sync("opening") == "opening balances read"
    if when == "after the opening":
        assert life.only().is_dead
        await execute(bench, life, life.only())
        await life.trading.inventory.sync("poll")
    assert life.only().state == "burned"
    assert life.trading.inventory.ledger.unexplained == NOTHING
    life.follow()
    await life.reaches("completed")
    await life.until_explained()
