"""The client that is made from nearcore's OpenAPI: whatever it can ask is answered in the shape that it checks."""

from collections.abc import Callable

import pytest

from tests.clients.conftest import Run, Venue
from tests.clients.trading import opened
from tests.support.processes.venue_process import Control, VenueProcess

pytestmark = pytest.mark.slow

METHOD_NOT_FOUND = -32601
SERVER_ERROR = -32000
ANSWERED = {
    *("send_tx", "broadcast_tx_async", "broadcast_tx_commit", "tx", "EXPERIMENTAL_tx_status"),
    *("block", "block by height", "block by hash", "chunk", "chunk of a block"),
    *("gas_price", "gas_price of a block", "status", "health", "network_info", "validators"),
    *("query view_account", "query view_access_key", "query view_access_key_list", "query view_code"),
    *("query view_state", "query call_function"),
}


async def test_every_method_is_answered_in_its_shape_or_with_an_error_of_a_node(
    start_venue: Venue, controls: Callable[[VenueProcess], Control], run_node: Run
) -> None:
    answer = await run_node("jsonrpc_client.cjs", **await opened(controls(start_venue())))
    found = answer["found"]
    assert set(answer["methods"]) - {"query"} <= set(found), "every method that the client has is asked"
    assert {name for name, said in found.items() if said == "valid"} >= ANSWERED
    errors = {name: said for name, said in found.items() if said != "valid"}
    assert {name: said for name, said in errors.items() if isinstance(said, str)} == {}, "answers of another shape"
    assert {said["code"] for said in errors.values()} <= {METHOD_NOT_FOUND, SERVER_ERROR}
    assert found["query of nobody"]["code"] == SERVER_ERROR
