"""Deposits as the desk reads them from the bridge: each is recorded once and explains the balance once."""

import asyncio

import httpx
import msgspec

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.inventory.movements import Movement
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from tests.support.amounts import btc_eure
from tests.support.desk.builders import NOW, Clock
from tests.support.recorder import MemoryRecorder
from venue.bridges.poa.client import Bridge, BridgeToken, Deposit, DepositAddress
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.tokens import BTC, DEFAULT_TOKENS


class Listing(Bridge):
    """A bridge that lists what a test sets."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__("http://127.0.0.1:1/rpc", client)
        self.listed: list[Deposit] = []

    async def recent_deposits(self, account: str, chain: str | None = None) -> tuple[Deposit, ...]:
        return tuple(one for one in self.listed if one.chain == chain)

    async def recent_withdrawals(self, account: str, chain: str | None = None) -> tuple[BridgeWithdrawal, ...]:
        return ()

    async def supported_tokens(self, chains: object = None) -> tuple[BridgeToken, ...]:
        return ()

    async def deposit_address(self, account: str, chain: str) -> DepositAddress:
        return DepositAddress("an address", chain, None)


def output(amount: int, status: str) -> Deposit:
    """One of the outputs that a transaction pays to the account's address."""
    return Deposit(
        tx_hash="a" * 64,
        mint_tx_hash=None,
        chain=BTC.chain,
        defuse_asset_identifier=BTC.token_id,
        near_token_id=BTC.near_token,
        decimals=8,
        amount=amount,
        account_id="maker.near",
        address="an address",
        status=status,
        created_ns=NOW,
        sender=None,
    )


async def test_two_outputs_of_one_transaction_are_two_deposits() -> None:
    recorded: list[LiquidityAction] = []
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = Listing(client)
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
        one, two = output(5_000, "PENDING"), output(3_000, "PENDING")
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
