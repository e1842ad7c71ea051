"""Salt and registration are read again and again: what was lost since is found, what cannot be read grows old."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cockpit.config.settings import load
from cockpit.desk.composition.credentials import Credentials
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.model.environment import Environment
from storage.sqlite.history import SqliteHistory
from tests.support.desk.builders import Clock
from tests.support.recorder import MemoryRecorder
from tests.support.settings import loopback
from tests.support.waiting import until
from venue.protocol.units import NS_PER_S
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue


class Read:
    """Credentials kept fresh against a sandbox; its clock stands until it is moved."""

    def __init__(self, venue: Venue, client: httpx.AsyncClient) -> None:
        env = {name: value for name, value in venue.env().items() if name != "SANDBOX_CONTROL_URL"}
        settings = load(None, loopback(**env))
        self.venue, self.account = venue, settings.account_id
        self.monotonic = Clock(NS_PER_S)
        self.workers = TradingParts(
            settings,
            client,
            Environment(),
            run_id="run-1",
            recorder=MemoryRecorder(),
            history=SqliteHistory(settings.state_dir / "history.sqlite"),
        )
        self.credentials = Credentials(self.workers, self.account, self.monotonic)

    async def again(self) -> None:
        """Ask for a reading and wait until it was made, or failed."""
        self.workers.key_problem = before = "not read"
        self.credentials.wanted()
        await until(lambda: self.workers.key_problem != before)


@pytest.fixture
async def read() -> AsyncIterator[Read]:
    """Read once already."""
    venue = Venue(VenueConfig(rate=0, rivals=False, deposit_btc=0, start_paused=True))
    await venue.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        read = Read(venue, client)
        running = asyncio.create_task(read.credentials.run())
        try:
            await until(lambda: read.workers.key_registered is not None)
            yield read
        finally:
            running.cancel()
            await venue.stop()


async def test_a_registration_lost_later_is_found_and_said(read: Read) -> None:
    assert read.workers.key_registered is True
    read.venue.ledger.change_key(read.account, read.workers.signer.public_key, add=False, tx_hash="tx")
    await read.again()
    assert read.workers.key_registered is False
    assert f"is not registered for {read.account}" in read.workers.key_problem


async def test_a_rotated_salt_is_the_one_that_is_signed_with_from_the_next_reading_on(read: Read) -> None:
    before = read.workers.executor.salt
    read.venue.ledger.rotate_salt(b"\x01\x02\x03\x04", invalidate_old=False)
    await read.again()
    assert read.workers.executor.salt == b"\x01\x02\x03\x04" != before


async def test_nothing_is_signed_with_a_refused_salt_until_it_was_read_again(read: Read) -> None:
    read.workers.intake.on_answer(1, "invalid salt")
    assert read.workers.executor.salt is None
    await until(lambda: read.workers.executor.salt is not None)


async def test_what_cannot_be_read_keeps_the_time_of_what_was(read: Read) -> None:
    assert read.workers.credentials_ns == NS_PER_S
    read.monotonic.pass_ms(60_000)
    async with httpx.AsyncClient(trust_env=False) as client:
        control = read.venue.env()["SANDBOX_CONTROL_URL"]
        (await client.post(f"{control}/faults", json={"near_a": "500", "near_b": "429"})).raise_for_status()
    await read.again()
    assert "could not be read" in read.workers.key_problem
    assert read.workers.credentials_ns == NS_PER_S
