"""Another maker beside our desk, built around the packages of the vendor's reference solver: both quote and settle."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from tests.clients.conftest import Desk, Run, Venue
from tests.clients.trading import opened, quotes_of
from tests.support.processes.reconciliation import reconcile
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.relay.errors import GONE_TEXT
from venue.sandbox.wire.errors import NONCE_USED

pytestmark = pytest.mark.slow

SOLVER = "solver.near"

FILLS = 4
"""Two in each direction; the solver waits for so many of its own."""


async def test_the_reference_solver_settles_beside_our_desk(
    start_venue: Venue, controls: Callable[[VenueProcess], Control], armed_desk: Desk, run_node: Run
) -> None:
    venue = start_venue()
    control = controls(venue)
    settings = await opened(control, SOLVER)
    desk = await armed_desk(venue.env)
    taker = Taker(control)
    await taker.fund()
    running = asyncio.create_task(
        run_node("amm_solver.cjs", BTC.token_id, EURE.token_id, str(FILLS), **settings), name="solver"
    )

    async def both_listen() -> bool:
        assert not running.done(), await running
        return bool((await control.state())["relay"]["status_subscriptions"] >= 2)

    await until(both_listen, 60, "desk and solver are subscribed")
    for index in range(FILLS):
        sells = index % 2 == 0
        asset, amount = (BTC.token_id, {"amount_in": 50_000}) if sells else (EURE.token_id, {"amount_out": 50_000})
        # The desk is the cheaper one; a taker may take the other all the same.
        best, worse = await quotes_of(taker, asset, amount, makers=2)
        assert (await taker.take(best))["status"] == "OK"
        assert (await taker.take(worse))["status"] == "OK"
        await until(partial(settled, control, 2 * index + 2), 60, "both are settled")

    found = await asyncio.wait_for(running, 90)
    shot = await desk.until(lambda shot: shot.counts.settled == FILLS, 30, "the desk's fills")
    mine = {row.quote_hash for row in shot.executions if row.confirmed}
    assert not mine & set(found["settled"]), "each saw its own fills only"
    assert found["accepted"] >= FILLS
    # It signs one nonce for each state of its reserves: an answer on the way as that is taken is refused, too.
    assert set(found["refused"]) <= {GONE_TEXT, NONCE_USED}, "refused only what came too late"
    fills = (await control.http.get("/state", params={"account": SOLVER})).json()["fills"]
    assert len(fills) == FILLS
    held = await control.balances(SOLVER)
    assert [str(held[token]) for token in (BTC.token_id, EURE.token_id)] == found["closing"]
    await reconcile(desk, control, within_s=30)


async def settled(control: Control, due: int) -> bool:
    return bool((await control.state())["settlements"]["settled"] >= due)
