"""The client that is made from nearcore's OpenAPI: whatever it can ask is answered in the shape that it checks."""

from collections.abc import Callable

import pytest

from tests.clients.conftest import Run, Venue
from tests.clients.trading import opened
from tests.support.processes.venue_process import Control, VenueProcess

pytestmark = pytest.mark.slow

METHOD_NOT_FOUND = -32601
SERVER_ERROR = -32000
REFUSED = {
    "client_config": METHOD_NOT_FOUND,
    "EXPERIMENTAL_light_client_block_proof": METHOD_NOT_FOUND,
    "light_client_proof": SERVER_ERROR,
    "EXPERIMENTAL_light_client_proof": SERVER_ERROR,
    "query of a block": SERVER_ERROR,
    "query of nobody": SERVER_ERROR,
}
"""What the sandbox may refuse, each with a node's own error: proofs, a node's files, and the state of past blocks."""


async def test_every_method_is_answered_in_its_shape_or_with_an_error_of_a_node(
    start_venue: Venue, controls: Callable[[VenueProcess], Control], run_node: Run
) -> None:
    answer = await run_node("jsonrpc_client.cjs", **await opened(controls(start_venue())))
    found = answer["found"]
    assert set(answer["methods"]) - {"query"} <= set(found), "every method that the client has is asked"
    errors = {name: said for name, said in found.items() if said != "valid"}
    assert {name: said for name, said in errors.items() if isinstance(said, str)} == {}, "answers of another shape"
    assert {name: said["code"] for name, said in errors.items()}.items() <= REFUSED.items()
    assert "query of nobody" in errors
