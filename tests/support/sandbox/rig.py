"""Venues for the tests: each is served on loopback and stopped at the end of its test."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.support.sandbox.maker import Signer
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue


class Rig:
    def __init__(self, venue: Venue, http: httpx.AsyncClient) -> None:
        self.venue = venue
        self.env = venue.env()
        self.http = http
        self.signer = Signer(self.env["NEAR_INTENTS_ACCOUNT_ID"], self.env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"])

    @property
    def salt(self) -> bytes:
        return self.venue.ledger.current_salt()

    def deadline_ms(self, life_ms: int = 65_000) -> int:
        return time.time_ns() // 1_000_000 + life_ms

    async def state(self) -> Any:
        return (await self.http.get(self.env["SANDBOX_CONTROL_URL"] + "/state")).json()

    async def control(self, path: str, body: dict[str, object]) -> httpx.Response:
        return await self.http.post(self.env["SANDBOX_CONTROL_URL"] + path, json=body)

    async def rpc(self, method: str, params: dict[str, object]) -> Any:
        """Call the relay's RPC and return its result."""
        answer = await self.http.post(
            f"{self.env['NEAR_INTENTS_RELAY_RPC_URL']}?method={method}",
            json={"id": "1", "jsonrpc": "2.0", "method": method, "params": [params]},
            headers={"Authorization": f"Bearer {self.env['NEAR_INTENTS_API_KEY']}"},
        )
        return answer.json()["result"]

    async def until(self, holds: Callable[[], Awaitable[Any]], timeout_s: float = 8.0) -> Any:
        """Call until the answer is true, and return it."""
        async with asyncio.timeout(timeout_s):
            while True:
                if answer := await holds():
                    return answer
                await asyncio.sleep(0.02)


Launch = Callable[..., Awaitable[Rig]]
LEGACY: dict[str, Any] = {"funded": "BTC", "credited": "BTC", "legacy_share": 1.0, "legacy_both_ways": True}
"""A venue with one kind of BTC, the legacy one: whoever tests something else needs no second."""


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    """Start venues; by default nothing happens in them without a request."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60, verify=False))

        async def start(**settings: Any) -> Rig:
            quiet: dict[str, Any] = {
                "rate": 0.0,
                "rivals": False,
                "deposit_after_s": None,
                "settle_s": (0.05, 0.1),
                "block_s": 0.2,
                "dry": 0.0,
                "router_legs": 0.0,
            }
            venue = Venue(VenueConfig(**(quiet | LEGACY | settings)))
            await venue.start()
            stack.push_async_callback(venue.stop)
            return Rig(venue, http)

        yield start
