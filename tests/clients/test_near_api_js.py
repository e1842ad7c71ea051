"""near-api-js in the versions of wallets old and new: views, function calls and transactions, at both kinds of node."""

from collections.abc import Callable

import pytest

from tests.clients.conftest import Run, Venue
from tests.clients.trading import OTHER, opened
from tests.support.processes.venue_process import Control, VenueProcess

pytestmark = pytest.mark.slow

NEAR = 10**24
VERSIONS = pytest.mark.parametrize("version", ["5", "7"])
NODES = pytest.mark.parametrize("node", ["0", "1"])
"""The first node of the sandbox tells errors as the newest nodes do, the second as older ones."""

Controls = Callable[[VenueProcess], Control]


@VERSIONS
@NODES
async def test_views_are_read(version: str, node: str, start_venue: Venue, controls: Controls, run_node: Run) -> None:
    control = controls(start_venue())
    found = await run_node("near_api_js.cjs", version, "views", node, **await opened(control))
    assert int(found["state"]) > NEAR
    assert len(found["keys"]) == 1
    assert found["salt"] == await control.view("current_salt")
    assert (found["sameByHeight"], found["sameByHash"], found["chunk"]) == (True, True, True)
    assert int(found["gasPrice"]) > 0
    assert found["chain"]
    assert found["validators"] >= 1
    for refused in ("panic", "unknownMethod", "nobody"):
        assert found[refused] is not None
        # Version 7 cannot read a panic told as text, as by servers older than it.
        if (version, node) != ("7", "1"):
            assert "Cannot" not in found[refused]["message"], "what the venue says, not what its reader stumbles on"


@VERSIONS
async def test_a_balance_is_read_by_the_protocols_configuration(
    version: str, start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue())
    found = await run_node("near_api_js.cjs", version, "balances", "0", **await opened(control))
    assert found["perByte"] == str(10**19)
    assert NEAR < int(found["balance"]) <= int(found["state"])


@VERSIONS
@NODES
async def test_a_contract_is_called(
    version: str, node: str, start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue())
    found = await run_node("near_api_js.cjs", version, "functionCall", node, **await opened(control))
    assert found["hash"]
    assert (found["known"], found["same"]) == (True, True)
    assert "already exists for account" in found["refused"]["message"]


@VERSIONS
async def test_money_keys_and_accounts_are_moved_by_transactions(
    version: str, start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue())
    await opened(control, OTHER)
    found = await run_node("near_api_js.cjs", version, "transactions", "0", **await opened(control))
    fees = int(found["sent"]) - NEAR - 6
    assert 0 < fees < NEAR // 100, "one transfer, three in one transaction, and their gas"
    assert {found["full"], found["limited"]} < set(found["withBoth"])
    assert not {found["full"], found["limited"]} & set(found["after"])
    for refused in ("byLimited", "taken", "tooMuch"):
        assert found[refused] is not None


@VERSIONS
async def test_tokens_leave_the_verifier_and_come_back(
    version: str, start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue())
    await opened(control, OTHER)
    found = await run_node("near_api_js.cjs", version, "tokens", "0", **await opened(control))
    assert found["unregistered"] is None
    assert found["withdrawn"] == [1_000, 1_000]
    assert (found["sent"], found["deposited"], found["left"]) == (100, True, 500)
    assert (found["metadata"]["symbol"], found["metadata"]["decimals"]) == ("nBTC", 8)
    assert "enough balance" in found["tooMuch"]["message"]
    assert "not registered" in found["nobody"]["message"]
