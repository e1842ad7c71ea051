"""A venue in this process for every test that asks for one, and directories short enough for a Unix socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cockpit.desk.funding import withdrawals
from tests.support.funding.funding_harness import CONFIG, Bench
from venue.sandbox.server import Venue


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Desks in this process look again at once; those in their own keep the pauses of the program."""
    monkeypatch.setattr(withdrawals, "PAUSES_S", (0.05, 0.1, 0.3))
    monkeypatch.setattr(withdrawals, "TICK_S", 0.02)


@pytest.fixture
async def bench(short_dir: Path) -> AsyncIterator[Bench]:
    venue = Venue(CONFIG)
    await venue.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        bench = Bench(venue, client, short_dir)
        try:
            yield bench
        finally:
            await bench.end()
            await venue.stop()
