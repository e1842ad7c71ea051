"""The relay client against the sandbox's relay: what was missed comes later, once, and is acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import base58
import pytest
from nacl.signing import SigningKey

import venue.relay.client as relay_client
import venue.sandbox.relay.subscriptions as sandbox
from cockpit.model.environment import Environment
from tests.support.sandbox.maker import BTC, EURE, Maker, Signer, relay
from tests.support.sandbox.rig import Launch, Rig
from tests.support.venue.relay_server import RecordingListener
from tests.support.waiting import until
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.relay.client import Relay
from venue.relay.handshake import REFUSED_HANDSHAKE
from venue.relay.streams import PLAIN_FORM, Streams

EUR = 10**18
ASK = {"defuse_asset_identifier_in": BTC, "defuse_asset_identifier_out": EURE, "exact_amount_in": "100000"}
FULL = Streams(tokens=(BTC, EURE), instance_id="prod-1", extended=True)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_client, "BACKOFF_S", (0.01, 0.02))


@asynccontextmanager
async def client(rig: Rig, streams: Streams = FULL) -> AsyncIterator[tuple[Relay, RecordingListener]]:
    """A client as one process would run it: another one afterwards remembers nothing."""
    listener, env = RecordingListener(), Environment(jitter=lambda: 0.5)
    found = Relay(
        rig.env["NEAR_INTENTS_RELAY_WS_URL"], lambda: rig.env["NEAR_INTENTS_API_KEY"], DEFAULT_TOKENS, env, streams
    )
    task = asyncio.create_task(found.run(listener))
    try:
        await until(lambda: found.state == "ok")
        yield found, listener
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def relay_has(rig: Rig, name: str, count: int) -> bool:
    return int((await rig.state())["relay"].get(name, 0)) == count


def taker(rig: Rig) -> Signer:
    key = SigningKey(b"\x07" * 32)
    signer = Signer("taker.near", "ed25519:" + base58.b58encode(bytes(key) + bytes(key.verify_key)).decode())
    rig.venue.ledger.register_key("taker.near", "ed25519:" + base58.b58encode(bytes(key.verify_key)).decode())
    rig.venue.ledger.mint("taker.near", BTC, 10**8)
    return signer


async def settle(rig: Rig, buyer: Signer) -> str:
    """Have one quote of the maker's made, chosen and settled; return its hash."""
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        pending: asyncio.Task[Any] = asyncio.create_task(rig.rpc("quote", {**ASK, "wait_ms": 300}))
        quote_id = (await maker.events(1))[0]["params"]["data"]["quote_id"]
        quote_hash, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, rig.deadline_ms())
        answer = {"quote_id": quote_id, "quote_output": {"amount_out": str(80 * EUR)}, "signed_data": signed}
        assert (await maker.call("quote_response", [answer]))["result"] == "OK"
        await pending
    fair = {BTC: -100_001, EURE: 80 * EUR - 80 * EUR // 10**6}
    _, paid = buyer.diff(fair, rig.salt, rig.deadline_ms())
    before = int((await rig.state())["settlements"]["settled"])
    published = await rig.rpc("publish_intent", {"quote_hashes": [quote_hash], "signed_data": paid})
    assert published["status"] == "OK", published

    async def settled() -> bool:
        return int((await rig.state())["settlements"]["settled"]) > before

    await rig.until(settled)
    return quote_hash


async def test_a_settlement_missed_between_two_runs_is_delivered_once(launch: Launch) -> None:
    rig = await launch()
    buyer = taker(rig)
    async with client(rig) as (_, listener):
        seen = await settle(rig, buyer)
        await until(lambda: any(one.event == "settled" for one in listener.statuses))
        assert [one.quote_hash for one in listener.statuses if one.event == "settled"] == [seen]
        await until(lambda: relay_has(rig, "acknowledged", 1))
    missed = [await settle(rig, buyer) for _ in range(2)]
    async with client(rig) as (found, listener):
        await until(lambda: len(listener.statuses) == 2)
        assert [one.quote_hash for one in listener.statuses] == missed
        assert all(one.tx_hash and one.intent_hash for one in listener.statuses)
        await until(lambda: relay_has(rig, "acknowledged", 3))
        assert found.counters["refused_acknowledgement"] == 0
    async with client(rig) as (found, listener):
        assert (await rig.state())["relay"]["waiting"] == {"prod-1": 0}
        assert listener.statuses == []


async def test_what_was_not_acknowledged_before_the_end_comes_again(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = await launch()
    buyer = taker(rig)
    monkeypatch.setattr("venue.relay.deliveries.MAX_UNSENT", -1)
    async with client(rig) as (found, listener):
        quote_hash = await settle(rig, buyer)
        await until(lambda: found.counters["acknowledgements_put_off"] == 1)
    monkeypatch.undo()
    monkeypatch.setattr(relay_client, "BACKOFF_S", (0.01, 0.02))
    async with client(rig) as (_, listener):
        await until(lambda: listener.statuses)
        assert [one.quote_hash for one in listener.statuses] == [quote_hash]
        await until(lambda: relay_has(rig, "acknowledged", 1))


async def test_a_redelivery_within_one_connection_counts_once(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "AGAIN_AFTER_S", 0.05)
    monkeypatch.setattr("venue.relay.deliveries.MAX_UNSENT", -1)
    rig = await launch()
    async with client(rig, Streams(instance_id="prod-1")) as (found, listener):
        await settle(rig, taker(rig))
        await until(lambda: found.counters["repeated_statuses"] >= 2)
        assert len(listener.statuses) == found.counters["statuses"] == 1
        monkeypatch.setattr("venue.relay.deliveries.MAX_UNSENT", 32_768)
        await until(lambda: relay_has(rig, "acknowledged", 1))


async def test_without_guaranteed_delivery_what_is_missed_is_lost(launch: Launch) -> None:
    rig = await launch()
    await settle(rig, taker(rig))
    async with client(rig, Streams()) as (_, listener):
        later = await settle(rig, taker_again(rig))
        await until(lambda: listener.statuses)
        assert [one.quote_hash for one in listener.statuses] == [later]


def taker_again(rig: Rig) -> Signer:
    signer = taker(rig)
    signer._count = 100
    return signer


async def test_both_settlement_streams_tell_of_one_settlement(launch: Launch) -> None:
    rig = await launch()
    async with client(rig) as (found, listener):
        await until(lambda: relay_has(rig, "extended_subscriptions", 1))
        quote_hash = await settle(rig, taker(rig))
        await until(lambda: found.counters["repeated_statuses"] == 1)
        assert [(one.quote_hash, one.event) for one in listener.statuses] == [
            (quote_hash, "ready"),
            (quote_hash, "settled"),
        ]
        assert listener.statuses[0].tx_hash is None


async def test_a_settlement_that_fails_is_no_settlement(launch: Launch) -> None:
    rig = await launch(settle_s=(1.0, 1.0))
    buyer = taker(rig)
    async with client(rig) as (found, listener):
        await until(lambda: relay_has(rig, "extended_subscriptions", 1))
        task = asyncio.create_task(settle(rig, buyer))
        await until(lambda: found.counters["statuses_ready"] == 1)
        # The contract is paused before the transaction runs.
        await rig.control("/faults", {"paused": ["intents"]})
        await until(lambda: found.counters["statuses_failed"] == 1)
        assert [one.event for one in listener.statuses] == ["ready", "failed"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_plain_relay_is_used_plainly_and_that_is_said(launch: Launch) -> None:
    rig = await launch()
    await rig.control("/faults", {"relay_plain": True})
    async with client(rig) as (found, listener):
        assert not found.filtered
        assert found.fallbacks == (PLAIN_FORM["quote"], PLAIN_FORM["quote_status"])
        await settle(rig, taker(rig))
        await until(lambda: listener.statuses)
        assert listener.requests


async def test_other_pairs_are_counted_on_request(launch: Launch) -> None:
    rig = await launch()
    other = {**ASK, "defuse_asset_identifier_in": "nep141:usdc.near", "wait_ms": 0}
    async with client(rig) as (found, listener):
        await rig.rpc("quote", other)
        await rig.rpc("quote", {**ASK, "wait_ms": 0})
        await until(lambda: listener.requests)
        assert found.counters["other_pairs"] == 0
        found.count_others(60)
        await until(lambda: not found.filtered)
        await rig.rpc("quote", other)
        await until(lambda: found.counters["other_pairs"] == 1)
        counted = found.others.counted
        assert counted is not None
        assert counted.count == 1
        found.count_others(0.05)
        await until(lambda: found.filtered)
        await rig.rpc("quote", other)
        await rig.rpc("quote", {**ASK, "wait_ms": 0})
        await until(lambda: len(listener.requests) == 2)
        assert found.counters["other_pairs"] == 1


async def test_a_forbidden_key_is_said(launch: Launch) -> None:
    rig = await launch()
    async with client(rig) as (found, _):
        await rig.control("/faults", {"relay_forbidden": True, "relay_drop": True})
        await until(lambda: found.last_error == REFUSED_HANDSHAKE[403])
        await rig.control("/faults", {"mend": True})
        await until(lambda: found.state == "ok")
