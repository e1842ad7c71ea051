"""What each state of a withdrawal means for the money, and how it is rebuilt from history after a restart."""

import msgspec
import pytest

from cockpit.desk.funding.withdrawal import STATES, UNDATED_NS, RecordedOrder, State, Withdrawal, rebuild
from cockpit.desk.inventory.movements import Movement, without_returns
from cockpit.model.events import LiquidityAction, WithdrawalPrepared
from tests.support.amounts import btc_eure
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE

AMOUNT = 250_000
FACT = WithdrawalPrepared(
    at_ns=5,
    withdrawal_id="w-1",
    idempotency_key="key",
    actor="ann",
    route="transaction",
    asset=BTC.token_id,
    amount=AMOUNT,
    fee=1_500,
    destination="bc1q",
    chain=BTC.chain,
    hash="hash",
    signed="AAAA",
    nonce="7",
    expires_ns=99,
)
ORDER = RecordedOrder(
    withdrawal_id="w-1",
    asset=BTC,
    amount=AMOUNT,
    fee=1_500,
    destination="bc1q",
    route="transaction",
    actor="ann",
    requested_ns=1,
)


def made(state: State, *, near_hash: str = "") -> Withdrawal:
    withdrawal = Withdrawal(ORDER, FACT)
    withdrawal.state = state
    withdrawal.near_hash = near_hash
    return withdrawal


def action(state: str, tx_hash: str | None = None, ident: str = "w-1") -> LiquidityAction:
    return LiquidityAction(
        at_ns=9,
        action_id=ident,
        kind="withdrawal",
        asset=BTC.token_id,
        amount=AMOUNT,
        chain=BTC.chain,
        tx_hash=tx_hash,
        status=state,
        detail="",
    )


def keys(withdrawal: Withdrawal) -> list[tuple[str, int]]:
    return [(one.key, one.amounts[BTC.token_id]) for one in withdrawal.movements()]


OUT, BACK = ("w-1:out", -AMOUNT), ("w-1:back", AMOUNT)


@pytest.mark.parametrize(
    ("state", "near_hash", "undecided", "holds", "offered"),
    [
        ("requested", "", True, True, [OUT]),
        ("prepared", "", True, True, [OUT]),
        ("sent", "", True, True, [OUT]),
        ("unknown", "", True, True, [OUT]),
        ("burned", "hash", False, True, [OUT]),
        ("bridging", "hash", False, True, [OUT]),
        ("completed", "hash", False, True, [OUT]),
        ("failed", "hash", False, True, [OUT]),
        ("failed", "", False, False, []),
        ("refunded", "hash", False, False, [OUT, BACK]),
        ("returned", "hash", False, True, [OUT, BACK]),
        ("expired", "", False, False, []),
    ],
)
def test_what_a_state_reserves_and_may_still_do(
    state: State, near_hash: str, undecided: bool, holds: bool, offered: list[tuple[str, int]]
) -> None:
    withdrawal = made(state, near_hash=near_hash)
    assert (withdrawal.undecided, withdrawal.holds, keys(withdrawal)) == (undecided, holds, offered)


def test_what_left_may_come_back_and_what_arrived_may_not() -> None:
    for state in ("burned", "bridging", "refunded", "returned"):
        withdrawal = made(state, near_hash="hash")
        assert withdrawal.book("w-1:out")
        assert not withdrawal.holds
        assert keys(withdrawal) == [BACK]
        assert withdrawal.book("w-1:back")
        assert keys(withdrawal) == []
    arrived = made("completed", near_hash="hash")
    arrived.book("w-1:out")
    assert keys(arrived) == []
    assert not arrived.book("w-2:out")


def test_an_amount_has_certainly_left_only_between_the_opening_and_the_reading() -> None:
    withdrawal = made("burned", near_hash="hash")
    assert withdrawal.certain_out(100) is None
    withdrawal.left_at = 50
    assert withdrawal.certain_out(49) is None
    certain = withdrawal.certain_out(50)
    assert certain is not None
    assert (certain.key, certain.amounts[BTC.token_id]) == OUT
    withdrawal.inherited = True
    assert withdrawal.certain_out(50) is None


def test_an_amount_that_left_before_the_opening_balances_is_never_looked_for_again() -> None:
    withdrawal = made("burned", near_hash="hash")
    withdrawal.left_at = 50
    withdrawal.on_reconciled(49, 10**18, 0)
    assert not withdrawal.out_booked
    withdrawal.on_reconciled(50, 0, 0)
    assert withdrawal.out_booked


def test_a_refund_that_was_not_seen_leaving_is_over_once_readings_are_certainly_later() -> None:
    withdrawal = made("refunded", near_hash="hash")
    withdrawal.known_ns = 1_000
    withdrawal.on_reconciled(0, 1_000 + UNDATED_NS, 0)
    assert keys(withdrawal) == [OUT, BACK]
    withdrawal.on_reconciled(0, 1_001 + UNDATED_NS, 0)
    assert keys(withdrawal) == []


def test_one_made_elsewhere_explains_something_once_it_is_confirmed() -> None:
    order = RecordedOrder(
        withdrawal_id="tracked-h",
        asset=EURE,
        amount=7,
        fee=None,
        destination="",
        route="",
        actor="ann",
        requested_ns=1,
        ours=False,
    )
    tracked = Withdrawal(order)
    for state in ("unknown", "untracked"):
        tracked.state = state
        assert (tracked.confirmed, tracked.movements(), tracked.may_have_moved(0, 0)) == (False, [], [])
    assert not tracked.followed
    tracked.state = "burned"
    assert [(one.key, one.amounts[EURE.token_id]) for one in tracked.movements()] == [("tracked-h:out", -7)]
    assert not tracked.holds
    assert not tracked.undecided


@pytest.mark.parametrize("last", STATES)
def test_the_state_is_rebuilt_from_history(last: State) -> None:
    found = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), action(last, "hash" if last != "expired" else None)])
    withdrawal = found["w-1"]
    assert withdrawal.state == last
    assert withdrawal.order.asset is BTC
    assert withdrawal.order.amount == AMOUNT
    assert withdrawal.prepared == FACT
    assert withdrawal.inherited


def test_a_refusal_after_an_unknown_outcome_means_that_nothing_left() -> None:
    found = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), action("unknown", "hash"), action("failed")])
    assert not found["w-1"].left
    assert not found["w-1"].followed


def test_a_failure_at_the_bridge_means_that_it_left() -> None:
    found = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), action("burned", "hash"), action("failed", "hash")])
    assert found["w-1"].left
    assert found["w-1"].followed


def test_what_left_before_a_restart_is_not_in_the_opening_balances_and_may_come_back() -> None:
    withdrawal = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), action("burned", "hash")])["w-1"]
    assert not withdrawal.holds
    assert keys(withdrawal) == [BACK]


def test_the_block_by_which_it_left_tells_whether_recorded_balances_show_it() -> None:
    left = msgspec.structs.replace(action("burned", "hash"), block_height=50)
    withdrawal = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), left])["w-1"]
    assert withdrawal.left_at == 50
    long_after = left.at_ns + 2 * UNDATED_NS
    assert [one.key for one in withdrawal.may_have_moved(long_after, 49)] == ["w-1:out", "w-1:back"]
    assert [one.key for one in withdrawal.may_have_moved(0, 50)] == ["w-1:back"]


def test_balances_read_shortly_after_it_left_at_an_unknown_block_may_not_show_it() -> None:
    withdrawal = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), action("burned", "hash")])["w-1"]
    left_ns = withdrawal.steps[-1][1]
    assert "w-1:out" in {one.key for one in withdrawal.may_have_moved(left_ns + UNDATED_NS, 0)}
    assert "w-1:out" not in {one.key for one in withdrawal.may_have_moved(left_ns + UNDATED_NS + 1, 0)}
    withdrawal.on_opened({"w-1:out"}, 0)
    assert withdrawal.out_booked
    withdrawal.on_opened(set(), 0)
    assert keys(withdrawal) == [OUT, BACK]


@pytest.mark.parametrize("state", ["sent", "burned", "completed"])
@pytest.mark.parametrize("unexplained", [-AMOUNT, -AMOUNT - 5, 7])
def test_opening_balances_that_nothing_explains_do_not_prove_that_it_left_before(state: str, unexplained: int) -> None:
    """Before a bridge told of a deposit, or a node the truth: it explains a later reading, or the difference stays."""
    left = msgspec.structs.replace(action(state, "hash"), block_height=None if state == "sent" else 50)
    withdrawal = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), left])["w-1"]
    withdrawal.on_opened(set(), unexplained)
    withdrawal.state, withdrawal.left_at = "completed", 50
    withdrawal.on_reconciled(60, 10**18, unexplained)
    assert OUT in keys(withdrawal), "it may be what is missing"
    withdrawal.on_reconciled(60, 10**18, 0)
    assert OUT not in keys(withdrawal), "nothing is missing: the opening balances showed it"


def test_one_that_the_opening_balances_show_is_not_looked_for_beside_what_they_do_not_explain() -> None:
    withdrawal = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), action("burned", "hash")])["w-1"]
    withdrawal.on_opened({"w-1:out"}, -5)
    assert OUT not in keys(withdrawal)


def test_what_was_sent_before_a_restart_may_be_in_the_opening_balances_or_not() -> None:
    withdrawal = rebuild(DEFAULT_TOKENS, [FACT], [action("requested"), action("sent")])["w-1"]
    assert withdrawal.holds
    assert keys(withdrawal) == [OUT, BACK]


def test_a_way_out_and_back_within_one_explanation_is_no_movement_of_it() -> None:
    fill = Movement("hash", btc_eure(5, -5))
    pair = (
        Movement("w-1:out", btc_eure(-7, 0)),
        fill,
        Movement("w-1:back", btc_eure(7, 0)),
        Movement("w-2:out", btc_eure(-7, 0)),
    )
    assert without_returns(pair) == (fill, Movement("w-2:out", btc_eure(-7, 0)))
    assert without_returns(pair[1:]) == pair[1:]


def test_other_actions_are_ignored_and_unknown_states_refused() -> None:
    deposit = LiquidityAction(
        at_ns=1,
        action_id="d",
        kind="deposit",
        asset=BTC.token_id,
        amount=1,
        chain=BTC.chain,
        tx_hash=None,
        status="PENDING",
        detail="",
    )
    assert rebuild(DEFAULT_TOKENS, [], [deposit]) == {}
    with pytest.raises(ValueError, match="unknown state lost"):
        rebuild(DEFAULT_TOKENS, [], [action("lost")])
