"""Deposits: one arrives on a chain, is seen, becomes final and is credited once, or never."""

import msgspec
import pytest

from tests.support.sandbox.signing import BTC_ADDRESS, GNOSIS_ADDRESS
from tests.venue.sandbox.bridges.conftest import MAKER, World
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC, EURE, NBTC
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


async def send_bitcoin(world: World, amount: int) -> None:
    """Send coins to the maker's address, as anybody can: the bridge alone decides which token they become."""
    address = (await world.call("deposit_address", account_id=MAKER, chain=BTC.chain))["address"]
    world.bridge.chains[BTC.chain].transfer("bc1qsender", address, amount, at_ns=world.clock(), confirm_ns=NS_PER_S)


def bitcoin(world: World) -> tuple[int, int]:
    """Return what the maker holds of the legacy token and of nBTC."""
    return world.ledger.balance(MAKER, BTC.token_id), world.ledger.balance(MAKER, NBTC.token_id)


@pytest.mark.parametrize("name", [NBTC.symbol, NBTC.token_id])
async def test_the_bridge_decides_which_token_a_deposit_becomes_and_changes_its_mind(world: World, name: str) -> None:
    legacy, new = bitcoin(world)
    await send_bitcoin(world, 50_000)
    world.faults.apply({"bridge_credits": name})
    await send_bitcoin(world, 60_000)
    world.wait(2)
    assert bitcoin(world) == (legacy + 50_000, new + 60_000)
    rows = (await world.call("recent_deposits", account_id=MAKER))["deposits"]
    assert [row["near_token_id"] for row in rows] == [NBTC.near_token, BTC.near_token]
    assert {row["defuse_asset_identifier"] for row in rows} == {"btc:mainnet:native"}
    estimate = await world.call("withdrawal_estimate", chain=BTC.chain, token="native", address=BTC_ADDRESS)
    assert estimate["tokenAddress"] == NBTC.near_token

    world.faults.apply({"bridge_credits": ""})
    world.bridge.deposit(MAKER, None, 70_000, chain=BTC.chain, confirm_after_ns=0)
    world.wait(1)
    assert bitcoin(world) == (legacy + 120_000, new + 60_000)


@pytest.mark.parametrize("token", [BTC, NBTC])
async def test_a_deposit_of_a_named_token_becomes_that_one(world: World, token: Token) -> None:
    world.faults.apply({"bridge_credits": NBTC.symbol if token == BTC else BTC.symbol})
    before = world.ledger.balance(MAKER, token.token_id)
    world.bridge.deposit(MAKER, token.token_id, 50_000, confirm_after_ns=0)
    world.wait(1)
    assert world.ledger.balance(MAKER, token.token_id) == before + 50_000
    assert world.bridge.totals(token.token_id).credited == 50_000


def test_a_switch_for_one_chain_leaves_the_others_alone(world: World) -> None:
    world.faults.apply({"bridge_credits": NBTC.symbol})
    credited = world.bridge.credited(EURE.chain)
    assert credited is not None
    assert credited.asset == EURE
    assert world.bridge.credited("doge:mainnet") is None


@pytest.mark.parametrize("body", [{"bridge_credits": "doge"}, {"deposit": {"token_id": "nep141:x", "amount": 1}}])
def test_a_token_that_the_bridge_does_not_carry_changes_nothing(world: World, body: dict[str, object]) -> None:
    before = world.faults.current
    with pytest.raises(msgspec.ValidationError, match="does not carry"):
        world.faults.apply({"fee_factor": 2, **body})
    assert world.faults.current == before


@pytest.mark.parametrize("names", [{}, {"token_id": BTC.token_id, "chain": BTC.chain}, {"chain": "doge:mainnet"}])
def test_a_deposit_names_its_token_or_its_chain(world: World, names: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"name the token_id or the chain|does not carry the chain"):
        world.faults.apply({"deposit": {"amount": 1, **names}})
