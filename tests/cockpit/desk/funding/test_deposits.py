"""Deposits as the desk reads them from the bridge: each is recorded once and explains the balance once."""

import asyncio

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from cockpit.desk.funding.bridges.terms import PoaTerms
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.order_parser import ParsedOrder
from cockpit.desk.inventory.movements import Movement
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from tests.support.amounts import btc_eure
from tests.support.desk.builders import Clock
from tests.support.funding.listing_bridge import DEPOSIT_ADDRESSES, ListingBridge, bridge_row, deposit
from tests.support.recorder import MemoryRecorder
from venue.bridges.poa.withdrawals import WithdrawalEstimate
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.transport.bounds import marked_name
from venue.transport.errors import UnreachableError


async def test_two_outputs_of_one_transaction_are_two_deposits() -> None:
    recorded: list[LiquidityAction] = []
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client)
        deposits = DepositTracker(
            Environment(wall_ns=Clock()),
            MemoryRecorder(recorded),
            "maker.near",
            DEFAULT_TOKENS,
            bridge,
            poll_s=5.0,
            requested=asyncio.Event(),
            on_credited=lambda: None,
        )
        one, two = deposit(5_000, "PENDING"), deposit(3_000, "PENDING")
        for listed in ([one], [two, one], [one, two]):
            bridge.listed = listed
            assert await deposits.read() is None
        assert [(action.amount, action.status) for action in recorded] == [(5_000, "PENDING"), (3_000, "PENDING")]
        assert len({action.action_id for action in recorded}) == 2

        credited = [msgspec.structs.replace(made, status="CREDITED") for made in (one, two)]
        bridge.listed = [two, credited[0]]
        for _ in range(3):
            assert await deposits.read() is None
        assert [(action.amount, action.status) for action in recorded[2:]] == [(5_000, "CREDITED")]
        assert deposits.movements() == [Movement(recorded[0].action_id, btc_eure(5_000, 0))]
        bridge.listed = credited
        assert await deposits.read() is None
        assert {(one.key, one.amounts[BTC.token_id]) for one in deposits.movements() or ()} == {
            (recorded[0].action_id, 5_000),
            (recorded[1].action_id, 3_000),
        }


def tracker(bridge: ListingBridge) -> DepositTracker:
    return DepositTracker(
        Environment(wall_ns=Clock()),
        MemoryRecorder([]),
        "maker.near",
        DEFAULT_TOKENS,
        bridge,
        poll_s=5.0,
        requested=asyncio.Event(),
        on_credited=lambda: None,
    )


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("btc:mainnet", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
        ("btc:mainnet", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
        ("btc:mainnet", "1BitcoinEaterAddressDontSendf59kuE"),
        ("btc:mainnet", DEPOSIT_ADDRESSES["eth:100"]),
        ("eth:100", "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
        ("eth:100", "0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430"),
        ("eth:100", "0x" + "0" * 40),
        ("eth:100", "maker.near"),
    ],
)
async def test_an_address_that_is_none_is_not_shown(chain: str, address: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client)
        bridge.given[chain] = address
        deposits = tracker(bridge)
        assert await deposits.read() is None
    symbols = {token.symbol for token in DEFAULT_TOKENS.tokens if token.chain != chain}
    assert set(deposits.addresses) == symbols
    assert set(deposits.bad_addresses) == {chain}
    assert address not in deposits.bad_addresses[chain]


async def test_a_gnosis_address_in_one_case_is_one() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client)
        bridge.given["eth:100"] = DEPOSIT_ADDRESSES["eth:100"].lower()
        deposits = tracker(bridge)
        assert await deposits.read() is None
        assert deposits.addresses["EURe"].address == bridge.given["eth:100"]
        assert await deposits.is_own_address(DEPOSIT_ADDRESSES["eth:100"]) is True


async def test_addresses_of_earlier_deposits_are_own_ones_too_and_unknown_ones_are_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client)
        former = "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"
        bridge.listed = [replace(deposit(5_000), address=former)]
        deposits = tracker(bridge)
        assert await deposits.is_own_address(former) is False, "no deposit is read yet, the addresses are"
        assert await deposits.read() is None
        for own in (former, *DEPOSIT_ADDRESSES.values(), DEPOSIT_ADDRESSES["btc:mainnet"].upper()):
            assert await deposits.is_own_address(own) is True
        assert await deposits.is_own_address(former.lower()) is False, "case counts in base58"

        async def unreachable(chains: object = None) -> tuple[()]:
            raise UnreachableError("no answer")

        monkeypatch.setattr(bridge, "supported_tokens", unreachable)
        assert await tracker(bridge).is_own_address(former) is None


async def test_a_deposit_counted_in_other_units_explains_nothing_and_is_told() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client)
        bridge.listed = [replace(deposit(5_000), decimals=6)]
        deposits = tracker(bridge)
        assert await deposits.read() is None
        assert deposits.movements() == []
        assert [one.amount for one in deposits.foreign] == [5_000]


@pytest.mark.parametrize(("row", "fee"), [(8, 8), (8, None), (6, 8), (8, 18), (8, -1), (18, 2**70)])
async def test_a_fee_or_minimum_in_other_units_is_unknown(
    row: int, fee: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client, [replace(bridge_row(BTC, 700), decimals=row), bridge_row(EURE, 1)])

        async def estimate(chain: str, token: str, address: str) -> WithdrawalEstimate:
            return WithdrawalEstimate(1_500, token, address, fee)

        monkeypatch.setattr(bridge, "withdrawal_estimate", estimate)
        order = ParsedOrder(
            asset=BTC, amount=10**6, destination="", route="intent", expected_fee=None, expected_native_fee=None
        )
        terms = await PoaTerms(bridge, tracker(bridge)).read(order)
    right = fee in (8, None)
    assert (terms.fee, terms.minimum) == (1_500 if right else None, 700 if row == 8 else None)
    assert right or terms.fee_problem == f"the bridge states the fee in {fee} decimals, and BTC has 8"
    assert row == 8 or terms.minimum_problem == f"the bridge states it in {row} decimals, and BTC has 8"


async def test_a_deposit_without_a_usable_hash_is_listed_and_explains_nothing() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client)
        bridge.listed = [deposit(5_000, tx_hash=marked_name("\x1b]52;c;x\x07"))]
        deposits = tracker(bridge)
        assert await deposits.read() is None
        assert deposits.deposits == tuple(bridge.listed)
        assert deposits.movements() == []


async def test_a_deposit_keeps_its_key_over_restarts_in_whatever_order_it_is_listed() -> None:
    """A bridge that once listed another amount must not make the true one another deposit for the next run."""
    recorded: list[LiquidityAction] = []
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client)

        def run() -> DepositTracker:
            return DepositTracker(
                Environment(wall_ns=Clock()),
                MemoryRecorder(recorded),
                "maker.near",
                DEFAULT_TOKENS,
                bridge,
                poll_s=5.0,
                requested=asyncio.Event(),
                on_credited=lambda: None,
            )

        first = run()
        for amount in (50_000, 5_000):
            bridge.listed = [deposit(amount)]
            assert await first.read() is None
        before = first.movements()
        second = run()
        second.load(tuple(recorded))
        assert await second.read() is None
        assert second.movements() == before
        bridge.listed = [deposit(5_000), deposit(700)]
        assert await second.read() is None
        keys = {one.key for one in second.movements() or ()}
        assert len(keys) == 2
        assert keys & {action.action_id for action in recorded if action.amount == 50_000} == set()
