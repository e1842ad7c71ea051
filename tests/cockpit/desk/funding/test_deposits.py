"""Deposits as the desk reads them from the bridge: each is recorded once and explains the balance once."""

import asyncio

import httpx
import msgspec

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.inventory.movements import Movement
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from tests.support.amounts import btc_eure
from tests.support.desk.builders import Clock
from tests.support.funding.listing_bridge import ListingBridge, deposit
from tests.support.recorder import MemoryRecorder
from venue.protocol.tokens import BTC, DEFAULT_TOKENS


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
