"""Both kinds of BTC are one position: asked for, quoted, settled and reconciled by token, limited together."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from cockpit.model.snapshot import InventoryRow, Snapshot
from tests.e2e.conftest import Launch
from tests.support.processes.reconciliation import reconcile
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import QUIET, Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC

EUR = 10**18


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    """A venue whose maker holds both kinds."""
    started = VenueProcess(tmp_path_factory.mktemp("venue"), *QUIET, "--balance", "nBTC=0.25")
    yield started
    assert started.process.stop() == 0


@pytest.fixture
async def buyer(control: Control) -> Taker:
    """A funded trader who buys nBTC."""
    taker = Taker(control, base=NBTC.token_id)
    await taker.fund()
    return taker


def held(shot: Snapshot) -> dict[str, InventoryRow]:
    return {row.symbol: row for row in shot.inventory.rows}


async def test_demand_in_both_kinds_is_quoted_and_settled_from_one_position(
    launch: Launch, control: Control, taker: Taker, buyer: Taker
) -> None:
    opening = await control.balances()
    desk = await launch()
    await desk.arm()
    deals = [
        await taker.deal(BTC.token_id, amount_in=100_000),
        await buyer.deal(NBTC.token_id, amount_in=70_000),
        await taker.deal(EURE.token_id, amount_out=50_000),
        await buyer.deal(EURE.token_id, amount_in=30 * EUR),
        await buyer.deal(NBTC.token_id, amount_out=20 * EUR),
    ]
    shot = await desk.until(lambda shot: shot.counts.settled == len(deals), what="five confirmed fills")
    assert shot.counts.requests == shot.counts.decisions == len(deals)
    shot = await reconcile(desk, control)

    closing = await control.balances()
    for token in DEFAULT_TOKENS.tokens:
        moved = sum(
            int(deal["amount_in"]) * (deal["defuse_asset_identifier_in"] == token.token_id)
            - int(deal["amount_out"]) * (deal["defuse_asset_identifier_out"] == token.token_id)
            for deal in deals
        )
        assert moved != 0
        assert closing[token.token_id] == opening[token.token_id] + moved
        assert held(shot)[token.symbol].filled == token.to_decimal(moved)
    query = "SELECT asset_in, COUNT(*) FROM swap_demand_events GROUP BY asset_in"
    await until(lambda: dict(desk.rows(query)) == {BTC.token_id: 1, NBTC.token_id: 2, EURE.token_id: 2})

    # One position: its share counts both kinds at one price.
    mid = shot.market.mid
    assert mid is not None
    worth = (BTC.to_decimal(closing[BTC.token_id]) + NBTC.to_decimal(closing[NBTC.token_id])) * mid
    whole = worth + EURE.to_decimal(closing[EURE.token_id])
    assert shot.inventory.btc_share == pytest.approx(worth / whole, abs=Decimal("0.001"))


async def test_both_kinds_have_one_price(launch: Launch, control: Control, taker: Taker, buyer: Taker) -> None:
    await control.traders(False)
    desk = await launch(STRATEGY_MAX_SKEW_BPS="0")
    await desk.arm()
    await control.faults(exchange_frozen=["kraken", "coinbase", "bitstamp"])
    prices = [
        int((await asking.ask(token, amount_in=500_000))[0]["amount_out"])
        for asking, token in ((taker, BTC.token_id), (buyer, NBTC.token_id))
    ]
    bought = [int((await asking.ask(EURE.token_id, amount_in=100 * EUR))[0]["amount_out"]) for asking in (taker, buyer)]
    assert prices[0] == prices[1]
    assert bought[0] == bought[1]


async def test_what_one_kind_commits_counts_against_the_limit_of_both(
    launch: Launch, taker: Taker, buyer: Taker
) -> None:
    desk = await launch(STRATEGY_MAX_NOTIONAL_EURE="100", STRATEGY_MAX_PROMISED_EURE="100")
    await desk.arm()
    assert await buyer.ask(EURE.token_id, amount_in=70 * EUR)
    await taker.ask_in_vain(EURE.token_id, amount_in=70 * EUR)
    shot = await desk.until(lambda shot: shot.counts.decisions == 2)
    assert shot.decisions[0].reason == "promised"
    assert await taker.ask(EURE.token_id, amount_in=20 * EUR)


async def test_one_kind_is_not_exchanged_for_the_other(launch: Launch, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    others = (await desk.snapshot()).counts.other_pairs
    assert await taker.ask_in(BTC.token_id, NBTC.token_id, {"exact_amount_in": "50000"}, max_wait_ms=300) == []
    assert await taker.ask_in(NBTC.token_id, BTC.token_id, {"exact_amount_in": "50000"}, max_wait_ms=300) == []
    shot = await desk.until(lambda shot: shot.counts.other_pairs == others + 2, what="both are other pairs")
    assert (shot.counts.requests, shot.counts.decisions) == (0, 0)


async def test_a_kind_is_given_only_from_its_own_balance(
    launch: Launch, control: Control, taker: Taker, buyer: Taker
) -> None:
    legacy = (await control.balances())[BTC.token_id]
    desk = await launch(STRATEGY_MAX_NOTIONAL_EURE="100000")
    await desk.arm()
    more_than_nbtc = NBTC.to_units(Decimal("0.3"))
    assert legacy > more_than_nbtc
    await buyer.ask_in_vain(EURE.token_id, amount_out=more_than_nbtc)
    shot = await desk.until(lambda shot: shot.counts.decisions == 1)
    assert (shot.decisions[0].reason, "nBTC" in shot.decisions[0].detail) == ("covered", True)
    assert await taker.ask(EURE.token_id, amount_out=more_than_nbtc)
    reserved = held(await desk.until(lambda shot: held(shot)[BTC.symbol].reserved > 0))
    assert reserved[NBTC.symbol].reserved == 0
    assert reserved[BTC.symbol].reserved == BTC.to_decimal(more_than_nbtc)
