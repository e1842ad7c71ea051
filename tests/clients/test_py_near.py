"""py-near: an account's reads and function calls, publication by the relay, and its solver at a fixed rate."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.clients.conftest import Run, Venue
from tests.clients.trading import OTHER, USER, opened, quotes_of
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import QUIET, Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE, NBTC

pytestmark = pytest.mark.slow

FILLS = 2

Controls = Callable[[VenueProcess], Control]


async def test_an_account_is_read_and_calls_functions(start_venue: Venue, controls: Controls, run_python: Run) -> None:
    settings = await opened(controls(start_venue()))
    found = await run_python("py_near_client.py", "account", **settings)
    assert found["balance"] > 10**24
    assert len(found["keys"]) == 1
    assert found["added"] is True
    assert found["failed"] is None
    assert "already exists" in str(found["refused"])
    assert found["height"] == 0
    assert (found["sameByHash"], found["transaction"], found["validators"]) == (True, True, True)


async def test_money_is_sent_inside_the_verifier_without_a_key_of_the_relay(
    start_venue: Venue, controls: Controls, run_python: Run
) -> None:
    control = controls(start_venue(*QUIET, "--set", "rpc_open=true"))
    found = await run_python("py_near_client.py", "balance", BTC.token_id, OTHER, **await opened(control))
    assert found["published"] in found["simulated"]

    async def arrived() -> bool:
        return (await control.balances(OTHER)).get(BTC.token_id) == 7

    await until(arrived, 30)


async def test_its_solver_quotes_at_a_fixed_rate_and_settles(
    start_venue: Venue, controls: Controls, run_python: Run
) -> None:
    control = controls(start_venue())
    settings = await opened(control)
    taker = Taker(control)
    await taker.fund()
    order = ("solver", BTC.token_id, EURE.token_id, "80000", str(FILLS))
    running = asyncio.create_task(run_python("py_near_client.py", *order, **settings))
    deals = [
        (BTC.token_id, {"amount_in": 50_000}, EURE.to_units(Decimal(40))),
        (EURE.token_id, {"amount_out": 50_000}, 50_000),
    ]
    for asset, amount, out in deals:
        [quote] = await quotes_of(taker, asset, amount)
        assert quote["amount_out"] == str(out)
        assert (await taker.take(quote))["status"] == "OK"
    assert (await asyncio.wait_for(running, 90))["fills"] == FILLS


async def test_money_keys_and_accounts_are_moved_by_transactions(
    start_venue: Venue, controls: Controls, run_python: Run
) -> None:
    control = controls(start_venue())
    await opened(control, OTHER)
    found = await run_python("py_near_client.py", "transactions", **await opened(control))
    assert found["failed"] == [None] * 6
    assert found["received"] == 2 * 10**24
    assert found["both"] == [True, True]
    assert found["child"] == 10**24
    assert "AccountAlreadyExists" in str(found["taken"])
    assert found["keys"] == 1


async def test_a_token_is_deposited_by_its_own_helper(start_venue: Venue, controls: Controls, run_python: Run) -> None:
    control = controls(start_venue())
    settings = await opened(control)
    before = (await control.balances(USER))[NBTC.token_id]
    found = await run_python("py_near_client.py", "deposit", NBTC.near_token, **settings)
    assert found == {"failed": [None, None], "left": 600}
    assert (await control.balances(USER))[NBTC.token_id] == before - 600
