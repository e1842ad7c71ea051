"""Deposits: one arrives on a chain, is seen, becomes final and is credited once, or never."""

import pytest

from tests.support.sandbox.signing import BTC_ADDRESS, GNOSIS_ADDRESS
from tests.venue.sandbox.bridges.conftest import MAKER, World
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S


async def listed(world: World) -> list[tuple[str, int]]:
    rows = (await world.call("recent_deposits", account_id=MAKER))["deposits"]
    return [(row["status"], int(row["amount"])) for row in rows]


async def test_a_deposit_below_the_minimum_fails_and_is_never_credited(world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    world.bridge.deposit(MAKER, BTC.token_id, 4_999, confirm_after_ns=NS_PER_S)
    assert await listed(world) == [("PENDING", 4_999)]
    world.wait(100)
    assert await listed(world) == [("FAILED", 4_999)]
    assert world.ledger.balance(MAKER, BTC.token_id) == before


async def test_an_unseen_deposit_is_listed_once_the_bridge_is_notified(world: World) -> None:
    tx_hash = world.bridge.deposit(MAKER, BTC.token_id, 50_000, confirm_after_ns=0, seen_after_ns=600 * NS_PER_S)
    address = (await world.call("deposit_address", account_id=MAKER, chain=BTC.chain))["address"]
    world.wait(30)
    assert await listed(world) == []
    assert world.bridge.chains[BTC.chain].balances == {address: 50_000}
    await world.call("notify_deposit", chain=BTC.chain, deposit_address=address, tx_hash=tx_hash)
    assert await listed(world) == [("CREDITED", 50_000)]


async def test_a_deposit_is_seen_in_time_without_a_notification(world: World) -> None:
    world.bridge.deposit(MAKER, EURE.token_id, 10**18, confirm_after_ns=0, seen_after_ns=60 * NS_PER_S)
    world.wait(59)
    assert await listed(world) == []
    world.wait(1)
    assert await listed(world) == [("CREDITED", 10**18)]


async def test_the_chains_hash_and_sender_are_those_given(world: World) -> None:
    tx_hash = "0x" + "ab" * 32
    made = world.bridge.deposit(
        MAKER, EURE.token_id, 10**18, confirm_after_ns=0, sender=GNOSIS_ADDRESS.lower(), tx_hash=tx_hash
    )
    (row,) = (await world.call("recent_deposits", account_id=MAKER))["deposits"]
    assert (made, row["tx_hash"], row["from"]) == (tx_hash, tx_hash, GNOSIS_ADDRESS)


@pytest.mark.parametrize(
    ("tx_hash", "sender"),
    [("ab" * 32, None), ("0x12", None), ("0x" + "AB" * 32, None), (None, BTC_ADDRESS), (None, "nobody")],
)
def test_a_hash_or_sender_of_another_chain_is_refused(world: World, tx_hash: str | None, sender: str | None) -> None:
    with pytest.raises(ValueError, match=r"hash|address"):
        world.bridge.deposit(MAKER, EURE.token_id, 10**18, confirm_after_ns=0, sender=sender, tx_hash=tx_hash)
    assert world.bridge.deposits == []


def test_one_transaction_hash_is_used_once(world: World) -> None:
    tx_hash = "ab" * 32
    world.bridge.deposit(MAKER, BTC.token_id, 10_000, confirm_after_ns=0, tx_hash=tx_hash)
    with pytest.raises(ValueError, match="must be new"):
        world.bridge.deposit(MAKER, BTC.token_id, 10_000, confirm_after_ns=0, tx_hash=tx_hash)


def test_confirmations_come_with_time(world: World) -> None:
    world.bridge.deposit(MAKER, BTC.token_id, 10_000, confirm_after_ns=30 * NS_PER_S)
    (transfer,) = world.bridge.chains[BTC.chain].transfers
    at_ns = transfer.at_ns
    assert [transfer.confirmations(at_ns + seconds * NS_PER_S) for seconds in (0, 9, 10, 29, 30, 99)] == [
        0,
        0,
        1,
        2,
        3,
        3,
    ]
