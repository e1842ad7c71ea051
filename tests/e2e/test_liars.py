"""The real desk among peers that lie: a relay, one of two nodes and the bridge. It trades on, and starts again."""

import pytest

from cockpit.model.snapshot import Snapshot
from storage.set_aside import SUFFIX
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE
from venue.transport.bounds import MAX_ADDRESS

pytestmark = pytest.mark.slow
"""Each kind is played in one process, and quicker, by the machine of liars."""


def kept_whole(desk: DeskProcess) -> None:
    """Assert that the history took everything, and holds nothing that is too long or that a terminal acts on."""
    assert not list(desk.state_dir.glob(f"*{SUFFIX}"))
    hashes = desk.rows("SELECT tx_hash FROM trade_execution_results UNION SELECT tx_hash FROM liquidity_actions")
    for (tx_hash,) in hashes:
        assert tx_hash is None or (len(tx_hash) <= MAX_ADDRESS and tx_hash.isprintable())


async def settled(desk: DeskProcess, count: int, what: str) -> Snapshot:
    return await desk.until(lambda shot: shot.counts.settled == count, what=what)


async def test_a_relay_that_lies_about_settlements(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    for number, lie in enumerate(("long_hash", "other_hash", "thrice", "flood", "garbage"), start=1):
        await control.faults(status_lies=lie)
        await taker.deal(BTC.token_id, amount_in=20_000 + number)
        shot = await settled(desk, number, lie)
        assert (shot.rung, shot.relay) == ("LIVE", "ok")
    await control.faults(status_lies="settled")
    assert await taker.ask(BTC.token_id, amount_in=30_000)
    claimed = await desk.until(
        lambda shot: any(row.outcome == "settling" for row in shot.quotes) or shot.alive.quotes > 0
    )
    assert claimed.counts.settled == number, "a fill that never happened is not booked"
    assert claimed.rung == "LIVE"
    await until(lambda: desk.count("SELECT COUNT(*) FROM trade_execution_results WHERE outcome = 'settled'") == number)
    kept_whole(desk)


async def test_a_node_that_lies_about_its_blocks_neither_stops_this_run_nor_the_next(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch()
    await desk.arm()
    for number, lie in enumerate(("height_ahead", "time_end", "height_behind", "digits"), start=1):
        await control.faults(near_lies={"near_a": lie})
        accepted(await desk.link.send("inventory-sync", "refresh"))
        await taker.deal(EURE.token_id, amount_out=20_000 + number)
        shot = await settled(desk, number, lie)
        assert shot.rung == "LIVE", lie
    assert desk.process.stop() == 0
    await control.faults(near_lies={"near_a": "height_ahead"})
    await desk.start()
    await desk.ready()
    await control.mend()
    kept_whole(desk)


async def test_a_bridge_that_lies_about_deposits_and_fees(launch: Launch, control: Control) -> None:
    desk = await launch()
    held = (await desk.ready()).inventory.rows[0].balance
    assert held is not None
    for number, lie in enumerate(("long_hash", "deposit_twice", "deposit_foreign", "deposit_early"), start=1):
        await control.faults(bridge_lies=lie)
        await control.deposit(BTC.token_id, 10_000 + number)
        accepted(await desk.link.send("inventory-sync", "refresh"))
    await control.faults(bridge_lies="address")
    await desk.link.send("liquidity-manager", "refresh")
    await control.faults(bridge_lies=None)
    accepted(await desk.link.send("liquidity-manager", "refresh"))
    total = BTC.to_decimal(40_010)
    shot = await desk.until(lambda shot: shot.inventory.rows[0].balance == held + total, what="all are credited")
    shot = await desk.until(lambda shot: shot.inventory.rows[0].unexplained == 0, what="and explained")
    assert shot.inventory.rows[0].deposited == total
    kept_whole(desk)
