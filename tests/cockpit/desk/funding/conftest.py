"""A venue in this process for every test that uses one."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cockpit.desk.funding import withdrawals
from tests.support.funding.funding_harness import CONFIG, FundingBench
from venue.sandbox.server import Venue


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll again at once in this process; desks in a process of their own keep the program's pauses."""
    monkeypatch.setattr(withdrawals, "PAUSES_S", (0.05, 0.1, 0.3))
    monkeypatch.setattr(withdrawals, "TICK_S", 0.02)


@pytest.fixture
async def bench(short_dir: Path) -> AsyncIterator[FundingBench]:
    venue = Venue(CONFIG)
    await venue.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        bench = FundingBench(venue, client, short_dir)
        try:
            yield bench
        finally:
            await bench.end()
            await venue.stop()
