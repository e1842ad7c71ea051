"""Requests at a steady rate through a stand-in relay."""

import asyncio
import contextlib
import json
import time

from tests.support.processes.relay_stand_in import RelayStandIn
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE


class RequestFlood:
    """Sends requests at a steady rate until it is stopped."""

    def __init__(self, relay: RelayStandIn, rate: int) -> None:
        self._relay = relay
        self._rate = rate
        self._task = asyncio.create_task(self._run())
        self.asked = 0

    async def _run(self) -> None:
        started = time.monotonic()
        while True:
            due = int((time.monotonic() - started) * self._rate)
            while self.asked < due:
                self.asked += 1
                data = {
                    "quote_id": f"f{self.asked}",
                    "defuse_asset_identifier_in": BTC.token_id,
                    "defuse_asset_identifier_out": EURE.token_id,
                    "exact_amount_in": "1000",
                    "min_deadline_ms": 1000,
                }
                params = {"subscription": "s1", "data": data}
                await self._relay.send(json.dumps({"jsonrpc": "2.0", "method": "event", "params": params}))
            await asyncio.sleep(0.002)

    async def more(self, requests: int) -> None:
        """Wait until so many more were sent."""
        wanted = self.asked + requests
        await until(lambda: self.asked >= wanted, 60)

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
