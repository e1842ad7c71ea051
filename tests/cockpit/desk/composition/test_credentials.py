"""Salt and registration are read on an interval: what was lost since is noticed, what cannot be read ages."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from cockpit.config.settings import load
from cockpit.desk.composition.trading_parts import build_trading
from cockpit.model.environment import Environment
from storage.sqlite.history import SqliteHistory
from tests.support.desk.builders import Clock
from tests.support.recorder import MemoryRecorder
from tests.support.settings import loopback
from tests.support.waiting import until
from venue.protocol.units import NS_PER_S
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue


class CredentialsCase:
    """Credentials read from a sandbox, on a clock that a test moves."""

    def __init__(self, venue: Venue, client: httpx.AsyncClient) -> None:
        env = {name: value for name, value in venue.env().items() if name != "SANDBOX_CONTROL_URL"}
        settings = load(None, loopback(**env))
        self.venue, self.account = venue, settings.account_id
        self.monotonic = Clock(NS_PER_S)
        self.trading = build_trading(
            settings,
            client,
            Environment(monotonic_ns=self.monotonic),
            MemoryRecorder(),
            SqliteHistory(settings.state_dir / "history.sqlite"),
            run_id="run-1",
            on_failure=lambda reason: None,
        )
        self.credentials = self.trading.credentials
        self.key = self.credentials.key

    async def again(self) -> None:
        """Ask for a reading and wait until it was made, or failed."""
        self.key.problem = before = "not read"
        self.credentials.request_read()
        await until(lambda: self.key.problem != before)


@pytest.fixture
async def read() -> AsyncIterator[CredentialsCase]:
    """Read once already."""
    venue = Venue(VenueConfig(rate=0, rivals=False, deposit_btc=0, start_paused=True))
    await venue.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        read = CredentialsCase(venue, client)
        running = asyncio.create_task(read.credentials.run())
        try:
            await until(lambda: read.key.registered is not None)
            yield read
        finally:
            running.cancel()
            await venue.stop()


async def test_a_registration_lost_later_is_noticed_and_reported(read: CredentialsCase) -> None:
    assert read.key.registered is True
    read.venue.ledger.change_key(read.account, read.trading.signer.public_key, add=False, tx_hash="tx")
    await read.again()
    assert read.key.registered is False
    assert f"is not registered for {read.account}" in read.key.problem


async def test_a_rotated_salt_is_signed_with_from_the_next_reading_on(read: CredentialsCase) -> None:
    before = read.trading.executor.salt
    read.venue.ledger.rotate_salt(b"\x01\x02\x03\x04", invalidate_old=False)
    await read.again()
    assert read.trading.executor.salt == b"\x01\x02\x03\x04" != before


async def test_nothing_is_signed_with_a_refused_salt_until_it_is_read_again(read: CredentialsCase) -> None:
    read.trading.engine.on_answer(1, "invalid salt")
    assert read.trading.executor.salt is None
    await until(lambda: read.trading.executor.salt is not None)


async def test_what_cannot_be_read_keeps_the_time_of_what_was(read: CredentialsCase) -> None:
    assert read.key.read_ns == NS_PER_S
    read.monotonic.pass_ms(60_000)
    async with httpx.AsyncClient(trust_env=False) as client:
        control = read.venue.env()["SANDBOX_CONTROL_URL"]
        (await client.post(f"{control}/faults", json={"near_a": "500", "near_b": "429"})).raise_for_status()
    await read.again()
    assert "could not be read" in read.key.problem
    assert read.key.read_ns == NS_PER_S
