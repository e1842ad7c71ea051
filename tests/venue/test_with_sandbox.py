"""Every client against the sandbox venue, which shares none of their code."""

import asyncio
import base64
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest

from tests.support.waiting import until
from venue.bridges.poa.client import Bridge
from venue.near.rpc import NearRpc
from venue.protocol.nonce import pack_nonce
from venue.protocol.tokens import BTC, EURE, NBTC
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.composite import composite
from venue.reference.feed import Feed
from venue.reference.kraken import Kraken
from venue.reference.tick import Tick
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue
from venue.transport.errors import RefusedError
from venue.verifier import Verifier

CONFIG = VenueConfig(start_paused=True, deposit_after_s=None)


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    venue = Venue(CONFIG)
    await venue.start()
    try:
        yield venue
    finally:
        await venue.stop()


@pytest.fixture
def near(venue: Venue, client: httpx.AsyncClient) -> NearRpc:
    return NearRpc(venue.env()["NEAR_RPC_URL"].split(","), client, timeout_s=2)


async def _strike(venue: Venue, client: httpx.AsyncClient, path: str, body: object) -> None:
    (await client.post(venue.env()["SANDBOX_CONTROL_URL"] + path, json=body)).raise_for_status()


async def test_the_verifier_answers_every_view(venue: Venue, near: NearRpc) -> None:
    verifier = Verifier(near)
    balances = await verifier.balances(CONFIG.maker_account, [NBTC.token_id, EURE.token_id])
    assert balances.amounts == (CONFIG.maker_btc, CONFIG.maker_eure)
    assert balances.block_height > 0
    assert len(await verifier.current_salt()) == 4
    assert await verifier.fee_pips() == CONFIG.fee_pips
    assert not await verifier.has_public_key("nobody.near", "ed25519:" + "1" * 32)
    nonce = pack_nonce(await verifier.current_salt(), 2_280_047_743_000_000_000, bytes(15))
    assert not await verifier.is_nonce_used(CONFIG.maker_account, base64.b64encode(nonce).decode())


@pytest.mark.parametrize("node", [0, 1])
async def test_both_nodes_report_a_panic_as_a_refusal(venue: Venue, client: httpx.AsyncClient, node: int) -> None:
    near = NearRpc([venue.env()["NEAR_RPC_URL"].split(",")[node]], client)
    with pytest.raises(RefusedError, match="wasm execution failed"):
        await near.view("intents.near", "no_such_view", {})
    with pytest.raises(RefusedError):
        await near.view("no-such-contract.near", "fee", {})
    block = await near.block()
    assert block.height > 0
    assert block.timestamp_ns > 1_700_000_000_000_000_000


@pytest.mark.parametrize("fault", ["429", "500", "garbage", "slow"])
async def test_a_failing_node_is_left_for_the_other(venue: Venue, client: httpx.AsyncClient, fault: str) -> None:
    await _strike(venue, client, "/faults", {"near_a": fault, "near_slow_ms": 5_000})
    near = NearRpc(venue.env()["NEAR_RPC_URL"].split(","), client, timeout_s=1.5)
    assert await Verifier(near).fee_pips() == CONFIG.fee_pips
    assert [endpoint.failures > 0 for endpoint in near.endpoints] == [True, False]


async def test_a_deposit_is_seen_pending_and_then_credited(
    venue: Venue, client: httpx.AsyncClient, near: NearRpc
) -> None:
    bridge = Bridge(venue.env()["NEAR_INTENTS_BRIDGE_URL"], client)
    amounts = (5_000_000_000_000_000_001, 7_000_000_000_000_000_003)
    for amount in amounts:
        body = {"token_id": EURE.token_id, "amount": amount, "confirm_after_s": 1}
        await _strike(venue, client, "/deposit", body)
    seen = await bridge.recent_deposits(CONFIG.maker_account, EURE.chain)
    assert sorted(one.amount for one in seen) == sorted(amounts)
    assert {one.status for one in seen} == {"PENDING"}
    assert {one.address for one in seen} == {(await bridge.deposit_address(CONFIG.maker_account, EURE.chain)).address}
    assert all(one.created_ns for one in seen)
    async with asyncio.timeout(60):
        while {one.status for one in seen} != {"CREDITED"}:
            await asyncio.sleep(0.05)
            seen = await bridge.recent_deposits(CONFIG.maker_account)
    balances = await Verifier(near).balances(CONFIG.maker_account, [EURE.token_id])
    assert balances.amounts == (CONFIG.maker_eure + sum(amounts),)


async def test_the_bridge_names_its_tokens_and_refuses_in_both_its_forms(
    venue: Venue, client: httpx.AsyncClient
) -> None:
    bridge = Bridge(venue.env()["NEAR_INTENTS_BRIDGE_URL"], client)
    tokens = await bridge.supported_tokens([BTC.chain, EURE.chain])
    expected = {BTC.token_id: 8, NBTC.token_id: 8, EURE.token_id: 18}
    assert {token.intents_token_id: token.decimals for token in tokens} == expected
    for _ in range(2):
        with pytest.raises(RefusedError, match="Unsupported chain"):
            await bridge.deposit_address(CONFIG.maker_account, "doge:mainnet")


async def test_three_feeds_make_a_usable_reference_price(venue: Venue, client: httpx.AsyncClient) -> None:
    env = venue.env()
    feeds: list[Feed] = [
        Kraken(env["REFERENCE_KRAKEN_WS_URL"]),
        Coinbase(env["REFERENCE_COINBASE_WS_URL"]),
        Bitstamp(env["REFERENCE_BITSTAMP_WS_URL"]),
    ]
    ticks: dict[str, Tick] = {}
    tasks = [asyncio.create_task(feed.run(lambda tick: ticks.update({tick.source: tick}))) for feed in feeds]
    try:
        await until(lambda: len(ticks) == 3)
        for feed in feeds:
            refreshed = await feed.refresh(client)
            # REST dates whole seconds: the stream has usually passed it.
            assert refreshed is None or abs(refreshed.mid - ticks[feed.source].mid) < 1_000
        now_ns = max(tick.at_ns for tick in ticks.values())
        price = composite(ticks, now_ns, max_age_ms=5_000, max_divergence_bps=Decimal(50), min_sources=3)
        assert price.usable, price.reason
        assert [view.source for view in price.sources] == ["bitstamp", "coinbase", "kraken"]

        before = feeds[2].counters["reconnects"]
        await _strike(venue, client, "/faults", {"bitstamp_reconnect": True, "exchange_lie_bps": {"kraken": 200}})
        await until(lambda: feeds[2].counters["reconnects"] == before + 1)
        lying = CONFIG.start_mid * Decimal("1.015")
        await until(lambda: ticks["kraken"].mid > lying)
        now_ns = max(tick.at_ns for tick in ticks.values())
        price = composite(ticks, now_ns, max_age_ms=5_000, max_divergence_bps=Decimal(50), min_sources=2)
        assert not price.usable
        assert "kraken is" in price.reason
        assert all(feed.counters["malformed"] == feed.counters["implausible"] == 0 for feed in feeds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
