"""What an operator names as a withdrawal made elsewhere explains nothing before NEAR or the bridge shows it."""

from pathlib import Path

import base58
import pytest

from cockpit.desk.funding.messages import NOT_SHOWN
from cockpit.desk.funding.tracking.commands import GIVE_HASH
from cockpit.desk.funding.tracking.hashes import is_near_hash, is_payment_hash
from cockpit.model.commands import CommandRequest, WithdrawalOrder
from tests.support.funding.funding_harness import FundingBench
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.contracts.token import STORAGE
from venue.sandbox.verifier.contracts import Call
from venue.sandbox.wire.intent_types import FtWithdraw

AMOUNT = 100_000
UNKNOWN = base58.b58encode(b"\7" * 32).decode()
NAMED = WithdrawalOrder(actor="ann", asset_id="BTC", amount=str(AMOUNT))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<near-burn-tx-hash>",
        "1" * 31,
        "1" * 33,
        "0" * 44,
        "l" * 44,
        "z" * 44,
        "9" * 200,
        UNKNOWN + "\x1b",
        "é" * 44,
    ],
)
def test_what_is_not_base58_of_32_bytes_is_no_near_hash(text: str) -> None:
    assert not is_near_hash(text)


def test_each_chain_has_its_own_form_of_a_hash() -> None:
    assert is_near_hash(UNKNOWN)
    assert is_near_hash("1" * 32)
    assert is_payment_hash("btc:mainnet", "ab" * 32)
    assert is_payment_hash("eth:100", "0x" + "ab" * 32)
    assert not is_payment_hash("btc:mainnet", "0x" + "ab" * 32)
    assert not is_payment_hash("eth:100", "ab" * 32)
    assert not is_payment_hash("near", "ab" * 32)


async def test_a_theft_is_not_explained_by_a_hash_that_nobody_knows(bench: FundingBench) -> None:
    life = await bench.life()
    registration = Call(
        predecessor="thief.near", method="storage_deposit", args=b"{}", gas=10**13, deposit=STORAGE, tx_hash=""
    )
    bench.venue.ledger.callees[BTC.near_token](registration)
    stolen = FtWithdraw(token=BTC.near_token, receiver_id="thief.near", amount=AMOUNT)
    bench.venue.ledger.ft_withdraw(life.settings.account_id, stolen, tx_hash="by the maker's key")
    for text in ("", "1111", "<near-burn-tx-hash>", "ab" * 32):
        refused = await life.funding.tracking.track(NAMED, text)
        assert not refused.accepted
        assert GIVE_HASH in refused.reason
    tracked = await life.funding.tracking.track(NAMED, UNKNOWN)
    assert (tracked.accepted, NOT_SHOWN in tracked.reason) == (True, True)
    ledger = life.trading.inventory.ledger
    await until(lambda: ledger.unexplained[BTC.token_id] == -AMOUNT == ledger.recorded_difference[BTC.token_id])
    assert ledger.withdrawn[BTC.token_id] == 0
    assert (life.only().state, life.only().confirmed) == ("unknown", False)

    await life.writer.flush()
    await life.crash()
    life = await bench.life()
    assert (life.only().state, life.trading.withdrawals.movements()) == ("unknown", [])
    for _ in range(2):
        result = life.funding.tracking.untrack(CommandRequest(actor="bob"), UNKNOWN)
        assert result.accepted, result.reason
    assert (life.only().state, life.only().followed) == ("untracked", False)
    assert not life.funding.tracking.untrack(CommandRequest(actor="bob"), "1" * 32).accepted
    assert (await life.funding.tracking.track(NAMED, UNKNOWN)).accepted, "the same hash may be tracked again"
    await life.writer.flush()
    await life.crash()
    life = await bench.life()
    assert sorted(one.state for one in life.all) == ["unknown", "untracked"]


@pytest.mark.parametrize("confirms", ["near", "bridge"])
async def test_one_made_elsewhere_explains_the_balance_once_it_is_shown(
    bench: FundingBench, short_dir: Path, confirms: str
) -> None:
    other = short_dir / "other"
    other.mkdir(mode=0o700)
    life, elsewhere = await bench.life(), await bench.life(COCKPIT_STATE_DIR=str(other))
    assert (await elsewhere.order(AMOUNT)).accepted
    near_hash = (await elsewhere.reaches("completed")).near_hash
    ledger = life.trading.inventory.ledger
    await until(lambda: ledger.unexplained[BTC.token_id] == -AMOUNT)
    if confirms == "bridge":
        await bench.faults(near_tx_unknown_s={"near_a": 600, "near_b": 600})
    tracked = await life.funding.tracking.track(NAMED, near_hash)
    assert tracked.accepted, tracked.reason
    await life.reaches("completed")
    await until(lambda: ledger.unexplained[BTC.token_id] == 0)
    assert ledger.withdrawn[BTC.token_id] == AMOUNT
    again = await life.funding.tracking.track(NAMED, near_hash)
    assert (again.accepted, again.reason) == (True, "it is tracked already")
    own = await elsewhere.funding.tracking.track(NAMED, near_hash)
    assert not own.accepted
    assert "it is the burn of this desk's withdrawal w-" in own.reason
    assert not elsewhere.funding.tracking.untrack(CommandRequest(actor="bob"), near_hash).accepted


async def test_another_amount_than_the_one_that_left_is_let_go_of(bench: FundingBench, short_dir: Path) -> None:
    other = short_dir / "other"
    other.mkdir(mode=0o700)
    life, elsewhere = await bench.life(), await bench.life(COCKPIT_STATE_DIR=str(other))
    await bench.faults(bridge_not_found_s=600)
    assert (await elsewhere.order(AMOUNT)).accepted
    near_hash = (await elsewhere.reaches("burned")).near_hash
    for symbol, amount, text in (("BTC", AMOUNT - 1, "took 0.001 BTC from this account"), ("EURe", 7, "took no EURe")):
        order = WithdrawalOrder(actor="ann", asset_id=symbol, amount=str(amount))
        result = await life.funding.tracking.track(order, near_hash)
        assert result.accepted, result.reason
        what = f"of {symbol}: {text}"
        await until(lambda: {state for state, _ in life.states()} == {"untracked"}, 20, what)
        assert any(text in detail for _, detail in life.states())
    assert life.trading.withdrawals.movements() == []
    assert life.trading.inventory.ledger.withdrawn[EURE.token_id] == 0
