"""Deposit and withdrawal clients against the sandbox, whose chain, bridge and relay share none of their code."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import base58
import httpx
import msgspec
import pytest
from nacl.signing import SigningKey

from tests.support.sandbox.signing import Signer, withdrawal
from venue.bridges.poa.client import Bridge
from venue.near.outcomes import TxOutcome, withdrawn_amount
from venue.near.rpc import UNKNOWN_SENDING, NearRpc
from venue.near.transactions import UnsignedTransaction, add_public_key_transaction, ft_withdraw_transaction
from venue.protocol.assets import Token
from venue.protocol.nonce import pack_nonce
from venue.protocol.tokens import BTC, EURE
from venue.relay.rpc import RelayRpc
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue
from venue.transport.errors import RefusedError, UnreachableError
from venue.verifier import Verifier

CONFIG = VenueConfig(
    start_paused=True,
    deposit_after_s=None,
    funded=BTC.symbol,
    credited=BTC.symbol,
    settle_s=(0.05, 0.1),
    index_after_s=0.2,
    send_after_s=0.3,
    complete_after_s=0.4,
)
ACCOUNT = CONFIG.maker_account
ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
AMOUNT = 1_000_000
T = TypeVar("T")


class Money:
    """The clients of one venue, and the maker's key."""

    def __init__(self, venue: Venue, client: httpx.AsyncClient) -> None:
        env = venue.env()
        self._control = env["SANDBOX_CONTROL_URL"]
        self._client = client
        secret = base58.b58decode(env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"].removeprefix("ed25519:"))
        self.key = SigningKey(secret[:32])
        self.public = bytes(self.key.verify_key)
        self.public_key = "ed25519:" + base58.b58encode(self.public).decode()
        self.near = NearRpc(env["NEAR_RPC_URL"].split(","), client, timeout_s=2)
        self.bridge = Bridge(env["NEAR_INTENTS_BRIDGE_URL"], client)
        self.relay = RelayRpc(env["NEAR_INTENTS_RELAY_RPC_URL"], client, lambda: env["NEAR_INTENTS_API_KEY"])
        self.verifier = Verifier(self.near)

    async def faults(self, **faults: Any) -> None:
        (await self._client.post(self._control + "/faults", json=faults)).raise_for_status()

    async def build(self, asset: Token = BTC, amount: int = AMOUNT) -> UnsignedTransaction:
        key = await self.near.access_key(ACCOUNT, self.public_key)
        assert key is not None
        return ft_withdraw_transaction(
            ACCOUNT,
            self.public,
            key.nonce,
            key.block_hash,
            token=asset.near_token,
            amount=amount,
            memo=f"WITHDRAW_TO:{ADDRESS}",
        )

    def sign(self, unsigned: UnsignedTransaction) -> bytes:
        return unsigned.signed(self.key.sign(unsigned.to_sign).signature)

    async def balance(self, asset: Token = BTC) -> int:
        return (await self.verifier.balances(ACCOUNT, [asset.token_id])).amounts[0]

    async def outcome(self, tx_hash: str) -> TxOutcome:
        return await eventually(lambda: self.near.transaction(tx_hash, ACCOUNT), lambda one: one.state != "pending")


async def eventually(ask: Callable[[], Awaitable[T | None]], good: Callable[[T], bool] = lambda _: True) -> T:
    """Return what ``ask`` gives once it is not None and good; TimeoutError after a minute."""
    async with asyncio.timeout(60):
        while True:
            answer = await ask()
            if answer is not None and good(answer):
                return answer
            await asyncio.sleep(0.05)


@pytest.fixture
async def money(client: httpx.AsyncClient) -> AsyncIterator[Money]:
    venue = Venue(CONFIG)
    await venue.start()
    try:
        yield Money(venue, client)
    finally:
        await venue.stop()


async def test_a_withdrawal_goes_from_the_estimate_to_the_other_chain(money: Money) -> None:
    before = await money.balance()
    estimate = await money.bridge.withdrawal_estimate(BTC.chain, BTC.near_token, ADDRESS)
    unsigned = await money.build()
    await money.near.send_transaction(money.sign(unsigned))
    outcome = await money.outcome(unsigned.hash)
    assert withdrawn_amount(outcome, AMOUNT) == AMOUNT
    assert await money.balance() == before - AMOUNT

    seen = await eventually(
        lambda: money.bridge.withdrawal_status(unsigned.hash, near_token=BTC.near_token, amount=AMOUNT),
        lambda one: one.status == "COMPLETED",
    )
    assert seen.transfer_tx_hash is not None
    assert (seen.tx_hash, seen.address, seen.account_id) == (unsigned.hash, ADDRESS, ACCOUNT)
    assert (seen.fee, seen.withdraw_amount) == (estimate.fee, AMOUNT - estimate.fee)
    assert await money.bridge.recent_withdrawals(ACCOUNT, BTC.chain) == (seen,)
    assert await money.bridge.recent_withdrawals(ACCOUNT, EURE.chain) == ()


async def test_the_same_bytes_sent_to_both_nodes_and_again_burn_once(money: Money) -> None:
    before = await money.balance()
    unsigned = await money.build()
    signed = money.sign(unsigned)
    for wait in ("NONE", "EXECUTED_OPTIMISTIC", "FINAL"):
        await money.near.send_transaction(signed, wait_until=wait)
    await money.outcome(unsigned.hash)
    assert await money.balance() == before - AMOUNT


async def test_a_failed_transfer_is_a_refund(money: Money) -> None:
    before = await money.balance()
    await money.faults(ft_transfer_fails=1)
    unsigned = await money.build()
    outcome = await money.near.send_transaction(money.sign(unsigned), wait_until="FINAL")
    assert outcome.state == "succeeded"
    assert len(outcome.receipts_failed) == 1
    assert withdrawn_amount(outcome, AMOUNT) == 0
    assert await money.balance() == before


async def test_a_withdrawal_beyond_the_balance_withdrew_nothing(money: Money) -> None:
    before = await money.balance()
    unsigned = await money.build(amount=before + 1)
    outcome = await money.near.send_transaction(money.sign(unsigned), wait_until="FINAL")
    assert outcome.state == "failed"
    assert "insufficient balance" in outcome.failure
    assert withdrawn_amount(outcome, before + 1) == 0
    assert await money.balance() == before


@pytest.mark.parametrize("silence", ["close", "500"])
async def test_an_answer_swallowed_after_executing_is_found_by_the_hash(money: Money, silence: str) -> None:
    before = await money.balance()
    lost = {"mode": "swallow", "silence": silence}
    await money.faults(near_send={"near_a": lost, "near_b": lost}, near_resend="invalid_nonce")
    unsigned = await money.build()
    with pytest.raises(UnreachableError, match=UNKNOWN_SENDING):
        await money.near.send_transaction(money.sign(unsigned), wait_until="FINAL")
    assert withdrawn_amount(await money.outcome(unsigned.hash), AMOUNT) == AMOUNT
    assert await money.balance() == before - AMOUNT


async def test_a_refusal_after_a_swallowed_answer_leaves_the_outcome_unknown(money: Money) -> None:
    await money.faults(near_send={"near_a": {"mode": "swallow"}}, near_resend="invalid_nonce")
    unsigned = await money.build()
    with pytest.raises(UnreachableError, match="InvalidNonce"):
        await money.near.send_transaction(money.sign(unsigned), wait_until="FINAL")
    assert (await money.outcome(unsigned.hash)).state == "succeeded"


@pytest.mark.parametrize("mode", ["twice", "garbled"])
async def test_a_doubled_delivery_burns_once(money: Money, mode: str) -> None:
    before = await money.balance()
    await money.faults(near_send={"near_a": {"mode": mode}})
    unsigned = await money.build()
    await money.near.send_transaction(money.sign(unsigned), wait_until="FINAL")
    assert withdrawn_amount(await money.outcome(unsigned.hash), AMOUNT) == AMOUNT
    assert await money.balance() == before - AMOUNT


async def test_a_node_that_forgot_the_transaction_is_not_enough(money: Money) -> None:
    unsigned = await money.build()
    assert await money.near.transaction(unsigned.hash, ACCOUNT) is None
    await money.near.send_transaction(money.sign(unsigned))
    await money.faults(near_tx_unknown_s={"near_a": 600})
    assert (await money.outcome(unsigned.hash)).state == "succeeded"
    await money.faults(near_b="500")
    with pytest.raises(UnreachableError):
        await money.near.transaction(unsigned.hash, ACCOUNT)


async def test_a_nonce_already_used_is_refused_by_name(money: Money) -> None:
    first, second = await money.build(), await money.build(EURE, 10**18)
    await money.near.send_transaction(money.sign(first), wait_until="FINAL")
    with pytest.raises(RefusedError) as caught:
        await money.near.send_transaction(money.sign(second), wait_until="FINAL")
    assert caught.value.name == "InvalidNonce"
    assert await money.near.transaction(second.hash, ACCOUNT) is None


async def test_a_withdrawal_not_yet_indexed_has_not_failed(money: Money) -> None:
    await money.faults(bridge_not_found_s=1)
    unsigned = await money.build()
    await money.near.send_transaction(money.sign(unsigned), wait_until="FINAL")
    for _ in range(2):
        status = await money.bridge.withdrawal_status(unsigned.hash, near_token=BTC.near_token, amount=AMOUNT)
        assert status is None
    await money.faults(bridge_not_found_s=0)
    await eventually(lambda: money.bridge.withdrawal_status(unsigned.hash, near_token=BTC.near_token, amount=AMOUNT))


async def test_an_intent_makes_the_same_withdrawal(money: Money) -> None:
    before = await money.balance()
    signer = Signer(ACCOUNT, 1)
    signer.key, signer.public_key = money.key, money.public_key
    deadline = (await money.near.block()).timestamp_ns + 60 * 10**9
    nonce = pack_nonce(await money.verifier.current_salt(), deadline, bytes(15))
    intent = withdrawal(AMOUNT, memo=f"WITHDRAW_TO:{ADDRESS}")
    signed = msgspec.json.encode(signer.sign(intent, deadline_ns=deadline, nonce=nonce))
    published = await money.relay.publish_intent(signed)
    assert published.status == "OK"
    status = await eventually(
        lambda: money.relay.get_status(published.intent_hash), lambda one: one.status == "SETTLED"
    )
    assert status.tx_hash is not None
    assert await money.balance() == before - AMOUNT
    assert await money.verifier.is_nonce_used(ACCOUNT, base64.b64encode(nonce).decode())
    outcome = await money.outcome(status.tx_hash)
    assert withdrawn_amount(outcome, AMOUNT) == AMOUNT


async def test_a_key_registers_itself(client: httpx.AsyncClient) -> None:
    venue = Venue(msgspec.structs.replace(CONFIG, key_registered=False))
    await venue.start()
    try:
        money = Money(venue, client)
        assert not await money.verifier.has_public_key(ACCOUNT, money.public_key)
        key = await money.near.access_key(ACCOUNT, money.public_key)
        assert key is not None
        assert key.full_access
        unsigned = add_public_key_transaction(ACCOUNT, money.public, key.nonce, key.block_hash)
        outcome = await money.near.send_transaction(money.sign(unsigned), wait_until="FINAL")
        assert (outcome.state, outcome.failure) == ("succeeded", "")
        assert await money.verifier.has_public_key(ACCOUNT, money.public_key)
    finally:
        await venue.stop()


@pytest.mark.parametrize(("access", "full"), [("full", True), ("function_call", False), ("none", None)])
async def test_the_kind_of_access_key_is_reported(client: httpx.AsyncClient, access: str, full: bool | None) -> None:
    venue = Venue(msgspec.convert({**msgspec.structs.asdict(CONFIG), "access": access}, VenueConfig))
    await venue.start()
    try:
        money = Money(venue, client)
        for url in venue.env()["NEAR_RPC_URL"].split(","):
            key = await NearRpc([url], client).access_key(ACCOUNT, money.public_key)
            assert (None if key is None else key.full_access) == full
    finally:
        await venue.stop()
