"""A deposit of BTC becomes the kind that the desk did not have: it is shown, traded, withdrawn and reconciled."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.e2e.conftest import Launch
from tests.support.funding.withdrawal_venue import ADDRESSES, QUICK, order
from tests.support.processes.desk_process import accepted
from tests.support.processes.reconciliation import reconcile
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import QUIET, Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE, NBTC

DEPOSIT = 2_000_000
WITHDRAWN = 1_500_000
EUR = 10**18
ZERO = Decimal(0)


@pytest.fixture(scope="module")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    """A venue whose maker holds legacy BTC only, and whose bridge credited that so far."""
    quick = (word for setting in QUICK for word in ("--set", setting))
    started = VenueProcess(tmp_path_factory.mktemp("venue"), *QUIET, *quick)
    yield started
    assert started.process.stop() == 0


async def test_a_deposit_in_the_other_kind_is_shown_traded_and_withdrawn_by_its_own_route(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(WITHDRAWAL_COOLING_MS="0", TRADING_BTC_WITHDRAW_ADDRESS=ADDRESSES[BTC.symbol])
    shot = await desk.ready()
    assert [row.symbol for row in shot.inventory.rows] == [BTC.symbol, EURE.symbol]

    await control.faults(bridge_credits=NBTC.symbol)
    body = {"chain": BTC.chain, "amount": DEPOSIT, "confirm_after_s": 2}
    (await control.http.post("/deposit", json=body)).raise_for_status()
    accepted(await desk.link.send("liquidity-manager", "refresh"))
    amount = NBTC.to_decimal(DEPOSIT)
    pending = await desk.until(lambda shot: len(shot.inventory.rows) == 3, what="the second kind is shown")
    row = {one.symbol: one for one in pending.inventory.rows}[NBTC.symbol]
    assert (row.pending_in, row.balance) == (amount, ZERO)
    assert [one.symbol for one in pending.deposits if one.amount == amount] == [NBTC.symbol]

    credited = await desk.until(lambda shot: shot.inventory.rows[1].deposited == amount)
    row = credited.inventory.rows[1]
    assert (row.symbol, row.balance, row.pending_in, row.unexplained) == (NBTC.symbol, amount, ZERO, ZERO)
    deposits = f"kind = 'deposit' AND amount = '{DEPOSIT}'"
    query = f"SELECT asset, status FROM liquidity_actions WHERE {deposits} ORDER BY id"
    await until(lambda: desk.rows(query) == [(NBTC.token_id, "PENDING"), (NBTC.token_id, "CREDITED")])

    await desk.arm()
    buyer = Taker(control, base=NBTC.token_id)
    await buyer.fund()
    sold = await buyer.deal(EURE.token_id, amount_in=100 * EUR)
    bought = await buyer.deal(NBTC.token_id, amount_in=40_000)
    await desk.until(lambda shot: shot.counts.settled == 2, what="two confirmed fills")
    shot = await reconcile(desk, control)
    row = shot.inventory.rows[1]
    assert row.filled == NBTC.to_decimal(40_000 - int(sold["amount_out"]))
    assert shot.inventory.rows[0].filled == ZERO
    assert bought["defuse_asset_identifier_out"] == EURE.token_id

    await desk.disarm()
    answer = await order(desk, NBTC, WITHDRAWN, "the-only-one")
    assert answer.status_code == 200, answer.text
    shot = await desk.until(lambda shot: any(one.ours and one.state == "completed" for one in shot.withdrawals), 60)
    assert [(one.symbol, one.amount) for one in shot.withdrawals if one.ours] == [
        (NBTC.symbol, NBTC.to_decimal(WITHDRAWN))
    ]
    bitcoin = (await control.chains())[NBTC.chain]
    [payment] = bitcoin["payments"]
    assert payment["to"] == ADDRESSES[BTC.symbol]
    assert 0 < int(payment["amount"]) < WITHDRAWN
    assert (shot.withdrawals[0].destination_hash, bitcoin["lost"]) == (payment["tx_hash"], [])
    after = await reconcile(desk, control)
    assert after.inventory.rows[1].balance == NBTC.to_decimal(DEPOSIT + 40_000 - int(sold["amount_out"]) - WITHDRAWN)
