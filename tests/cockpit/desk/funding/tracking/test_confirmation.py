"""Who may confirm a withdrawal that an operator named, and when it is given up."""

import asyncio
from typing import cast

import pytest

from cockpit.desk.funding.bridges.status import BridgeFollower, WithdrawalStatus
from cockpit.desk.funding.messages import NOT_SHOWN
from cockpit.desk.funding.tracking.confirmation import GIVEN_UP_NS, Confirmation
from cockpit.desk.funding.withdrawal import RecordedOrder, Withdrawal
from cockpit.model.environment import Environment
from tests.support.desk.builders import NOW
from venue.near.burns import Burn, read_burns
from venue.near.outcomes import PENDING, TxOutcome
from venue.near.rpc import NearRpc
from venue.protocol.tokens import BTC, EURE
from venue.transport.errors import UnreachableError

MINE = "maker.near"


class Node(NearRpc):
    def __init__(self, outcome: TxOutcome | UnreachableError | None) -> None:
        self._outcome = outcome

    async def transaction(self, tx_hash: str, account: str) -> TxOutcome | None:
        assert account == MINE
        if isinstance(self._outcome, UnreachableError):
            raise self._outcome
        return self._outcome


class BridgeSays:
    refunds = True

    def __init__(self, status: WithdrawalStatus | None) -> None:
        self._status = status

    async def find(self, withdrawal: Withdrawal, near_hash: str) -> WithdrawalStatus | None:
        return self._status

    async def near_hash(self, withdrawal: Withdrawal) -> str:
        return ""


def asked(
    outcome: TxOutcome | UnreachableError | None, *, after_ns: int = 0, bridge: WithdrawalStatus | None = None
) -> WithdrawalStatus:
    order = RecordedOrder(
        withdrawal_id="tracked-h",
        asset=BTC,
        amount=700,
        fee=None,
        destination="",
        route="",
        actor="ann",
        requested_ns=NOW,
        ours=False,
    )
    withdrawal = Withdrawal(order)
    withdrawal.state, withdrawal.near_hash = "unknown", "h"
    found = Confirmation(MINE, Node(outcome), Environment(wall_ns=lambda: NOW + after_ns))
    return asyncio.run(found.status(withdrawal, cast(BridgeFollower, BridgeSays(bridge))))


def done(*burns: Burn, state: str = "succeeded", final: bool = True) -> TxOutcome:
    assert state in ("succeeded", "failed")
    return TxOutcome(
        state="failed" if state == "failed" else "succeeded", final=final, burns=burns, block_height=9, failure="x"
    )


def test_near_confirms_account_token_and_amount() -> None:
    status = asked(done(Burn("other.near", BTC.token_id, 5), Burn(MINE, BTC.token_id, 700)))
    assert (status.state, status.left_at) == ("burned", 9)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (done(Burn("other.near", BTC.token_id, 700)), "took no BTC from this account"),
        (done(Burn(MINE, EURE.token_id, 700)), "took no BTC from this account"),
        (done(Burn(MINE, BTC.token_id, 701)), "took 0.00000701 BTC from this account"),
        (done(), "took no BTC from this account"),
        (done(state="failed"), "its transaction failed: x"),
    ],
)
def test_what_near_shows_to_be_another_is_let_go_of(outcome: TxOutcome, text: str) -> None:
    status = asked(outcome)
    assert status.state == "untracked"
    assert text in status.detail


@pytest.mark.parametrize(
    "outcome",
    [None, PENDING, done(Burn(MINE, BTC.token_id, 700), final=False), TxOutcome(state="succeeded", final=True)],
)
def test_what_is_not_shown_stays_unconfirmed_and_the_bridge_may_confirm_it(outcome: TxOutcome | None) -> None:
    assert asked(outcome) == WithdrawalStatus(state="unknown", detail=NOT_SHOWN)
    listed = WithdrawalStatus(state="bridging", detail="listed")
    assert asked(outcome, bridge=listed) == listed


def test_a_hash_that_near_does_not_know_is_given_up_after_a_day() -> None:
    assert asked(None, after_ns=GIVEN_UP_NS - 1).state == "unknown"
    assert asked(None, after_ns=GIVEN_UP_NS).state == "untracked"
    assert asked(PENDING, after_ns=GIVEN_UP_NS).state == "unknown"
    with pytest.raises(UnreachableError):
        asked(UnreachableError("no node answers"), after_ns=GIVEN_UP_NS)


def event(data: str, event_name: str = "mt_burn") -> str:
    return f'EVENT_JSON:{{"standard":"nep245","version":"1.0.0","event":"{event_name}","data":{data}}}'


def test_burns_are_read_from_the_verifiers_log_lines() -> None:
    line = event(
        f'[{{"owner_id":"{MINE}","token_ids":["{BTC.token_id}","x"],"amounts":["700","1"],"memo":"withdraw"}}]'
    )
    read = read_burns(["plain text", event("[{}]", "mt_mint"), line])
    assert read == (Burn(MINE, BTC.token_id, 700), Burn(MINE, "x", 1))
    assert read_burns([]) == ()


@pytest.mark.parametrize(
    "logs",
    [
        None,
        "x",
        ["EVENT_JSON:{"],
        ["x"] * 1_001,
        [event('[{"owner_id":"a","token_ids":["x"],"amounts":[]}]')],
        [event('[{"owner_id":"a","token_ids":["x"],"amounts":["-1"]}]')],
        [event('[{"owner_id":"a","token_ids":["x"],"amounts":["' + "9" * 5_000 + '"]}]')],
        [event("7")],
    ],
)
def test_logs_that_cannot_be_read_are_unknown(logs: object) -> None:
    assert read_burns(logs) is None
