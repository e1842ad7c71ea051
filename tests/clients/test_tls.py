"""Clients that insist on https and wss: the venue's lines name the certificate, and each client trusts it by them."""

import pytest

from tests.clients.conftest import Run, Venue
from tests.clients.trading import OTHER
from tests.support.processes.venue_process import QUIET, VenueProcess

pytestmark = pytest.mark.slow


def secured(start_venue: Venue) -> dict[str, str]:
    """Start a venue that serves TLS alone; returns the settings of a driver that uses the maker's account."""
    venue: VenueProcess = start_venue(*QUIET, "--tls")
    assert venue.env["NEAR_INTENTS_RELAY_RPC_URL"].startswith("https://")
    return {
        **venue.env,
        "USER_ACCOUNT": venue.env["NEAR_INTENTS_ACCOUNT_ID"],
        "USER_KEY": venue.env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"],
    }


async def test_the_official_sdk_trusts_the_venue(start_venue: Venue, run_node: Run) -> None:
    found = await run_node("intents_sdk.cjs", "invalidateNonces", OTHER, **secured(start_venue))
    assert found["used"] == [True, True]


async def test_py_near_trusts_the_venue(start_venue: Venue, run_python: Run) -> None:
    found = await run_python("py_near_client.py", "account", **secured(start_venue))
    assert found["added"] is True
