"""Where to send a coin, what it may become there, and money that the desk does not trade or does not know."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import httpx
import pytest
from msgspec.structs import replace

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.snapshots.deposit_rows import address_rows, deposit_row, fund_warnings, printable
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent
from cockpit.model.snapshot import DepositAddressRow, DepositCredit
from tests.support.cockpit import samples
from tests.support.desk.builders import NOW, Clock
from tests.support.funding.listing_bridge import DEPOSIT_ADDRESSES, ListingBridge, bridge_row, deposit
from tests.support.recorder import MemoryRecorder
from venue.bridges.poa.client import BridgeToken, Deposit
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC, NBTC_EURE, TokenTable
from venue.protocol.units import NS_PER_S

BOTH = (bridge_row(BTC, 700), bridge_row(NBTC, 5_000), bridge_row(EURE, 10**18))
ONLY_NBTC = TokenTable(DEFAULT_TOKENS.tokens, (NBTC_EURE,), base=DEFAULT_TOKENS.base, quote=DEFAULT_TOKENS.quote)
OTHER = "xbtc.bridge.near"


async def read(rows: Sequence[BridgeToken], *deposits: Deposit, table: TokenTable = DEFAULT_TOKENS) -> DepositTracker:
    events: list[AnyEvent] = []
    async with httpx.AsyncClient(trust_env=False) as client:
        bridge = ListingBridge(client, rows)
        bridge.listed = list(deposits)
        tracker = DepositTracker(
            Environment(wall_ns=Clock()),
            MemoryRecorder(events),
            "maker.near",
            table,
            bridge,
            poll_s=5.0,
            requested=asyncio.Event(),
            on_credited=lambda: None,
        )
        assert await tracker.read() is None
    return tracker


def shown(tracker: DepositTracker) -> tuple[DepositAddressRow, DepositAddressRow]:
    btc, eure = address_rows(DEFAULT_TOKENS, tracker, NOW + 120 * NS_PER_S)
    return btc, eure


async def test_an_address_names_every_token_that_a_deposit_may_become_with_its_minimum() -> None:
    btc, eure = shown(await read(BOTH))
    assert (btc.symbol, btc.address, btc.minimum) == ("BTC", DEPOSIT_ADDRESSES["btc:mainnet"], Decimal("0.00005"))
    assert btc.credits == (
        DepositCredit(symbol="BTC", minimum=Decimal("0.000007"), deposits=0),
        DepositCredit(symbol="nBTC", minimum=Decimal("0.00005"), deposits=0),
    )
    assert (btc.known, btc.note) == (
        False,
        "not known which: the bridge lists BTC and nBTC. Send a small amount first",
    )
    assert (eure.symbol, eure.minimum, eure.known, eure.note) == ("EURe", Decimal(1), True, "")


async def test_an_own_deposit_says_what_the_last_one_became_and_promises_nothing() -> None:
    old = deposit(1_000, token=BTC, tx_hash="b", created_ns=NOW - 3_600 * NS_PER_S)
    new = deposit(2_000, token=NBTC)
    failed = deposit(9_000, "FAILED", token=BTC, tx_hash="c", created_ns=NOW + 1)
    btc, _ = shown(await read(BOTH, old, new, failed))
    assert [(credit.symbol, credit.deposits) for credit in btc.credits] == [("BTC", 1), ("nBTC", 1)]
    assert (btc.known, btc.note) == (
        False,
        "your last deposit here became nBTC 2m00s ago; the bridge lists BTC and nBTC",
    )


async def test_the_only_token_that_is_listed_is_known() -> None:
    btc, _ = shown(await read((bridge_row(NBTC, 5_000), bridge_row(EURE, 10**18))))
    assert (btc.symbol, btc.minimum, btc.known) == ("BTC", Decimal("0.00005"), True)
    assert btc.note == "becomes nBTC, the only token that the bridge lists here"


async def test_a_coin_without_a_listed_token_is_not_to_be_sent() -> None:
    btc, _ = shown(await read((bridge_row(EURE, 10**18),)))
    assert (btc.credits, btc.minimum, btc.known) == ((), None, False)
    assert btc.note == "the bridge lists no token of BTC on btc:mainnet: send nothing"


async def test_a_minimum_that_one_token_lacks_is_unknown() -> None:
    btc, _ = shown(await read((bridge_row(BTC, 700), bridge_row(NBTC, None))))
    assert btc.minimum is None


async def test_a_token_that_is_no_longer_listed_leaves_the_list() -> None:
    tracker = await read(BOTH)
    bridge = tracker._bridge
    assert isinstance(bridge, ListingBridge)
    bridge.rows = (bridge_row(BTC, 700),)
    assert await tracker.refresh() is None
    assert [credit.symbol for credit in shown(tracker)[0].credits] == ["BTC"]


async def test_a_deposit_is_counted_under_the_token_that_it_became() -> None:
    tracker = await read(BOTH, deposit(1_000, token=NBTC), deposit(2_000, "PENDING", token=BTC, tx_hash="b"))
    assert (tracker.pending_amount(BTC), tracker.pending_amount(NBTC)) == (2_000, 0)
    [movement] = tracker.movements() or []
    assert movement.amounts[NBTC.token_id] == 1_000
    assert movement.amounts[BTC.token_id] == 0


async def test_a_deposit_outside_the_table_is_shown_loudly_and_moves_nothing() -> None:
    tracker = await read(BOTH, deposit(1_000, near_token=OTHER), deposit(5, "FAILED", near_token=OTHER, tx_hash="b"))
    assert tracker.movements() == []
    row, _ = (deposit_row(tracker, one, NOW) for one in tracker.pending_first())
    assert (row.symbol, row.in_table, row.amount) == (OTHER, False, Decimal("0.00001"))
    assert fund_warnings(DEFAULT_TOKENS, (), tracker) == (
        "a deposit of 0.00001 on btc:mainnet became xbtc.bridge.near, which the desk does not count: "
        "add it to markets.toml",
    )


async def test_a_third_token_of_the_coin_is_named_before_anything_is_sent() -> None:
    tracker = await read((*BOTH, bridge_row(BTC, 1, near_token=OTHER)))
    assert fund_warnings(DEFAULT_TOKENS, (), tracker) == (
        "the bridge also lists xbtc.bridge.near for btc:mainnet:native, which the desk would not count: "
        "add it to markets.toml",
    )


async def test_a_balance_that_no_market_trades_is_named() -> None:
    tracker = await read(BOTH, table=ONLY_NBTC)
    btc, eure = samples.inventory().rows
    held = (replace(btc, balance=Decimal("0.02")), eure, replace(btc, symbol="nBTC"))
    assert fund_warnings(ONLY_NBTC, held, tracker) == (
        "0.02 BTC held, but no market trades it: withdraw it or add a market",
    )
    assert fund_warnings(ONLY_NBTC, (replace(btc, balance=Decimal(0)),), tracker) == ()
    assert fund_warnings(DEFAULT_TOKENS, held, tracker) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x.near", "x.near"), ("a\x1b[2Jb", "a?[2Jb"), ("é", "?"), ("x" * 70, "x" * 63 + "…")],
)
def test_a_name_of_the_bridge_is_shown_printable_and_bounded(text: str, expected: str) -> None:
    assert printable(text) == expected


async def test_an_address_that_cannot_be_one_and_a_deposit_in_other_units_are_warned_of() -> None:
    wrong = replace(deposit(5_000), decimals=6)
    tracker = await read(BOTH, wrong)
    [warning] = fund_warnings(DEFAULT_TOKENS, [], tracker)
    assert warning.startswith("the bridge states a deposit in 6 decimals, and BTC has 8: its amount is unknown")
    tracker.bad_addresses = {"btc:mainnet": "it is none"}
    assert any("no deposit address on btc:mainnet" in one for one in fund_warnings(DEFAULT_TOKENS, [], tracker))
