"""Every gate before a withdrawal is signed can close alone, with one sentence that says what to do."""

import msgspec
import pytest

from cockpit.desk.funding.preflight import PreflightFacts, closed
from venue.protocol.assets import BTC, EURE

OPEN = PreflightFacts(
    asset=BTC,
    amount=100_000,
    destination="bc1q",
    frozen=False,
    balance=1_000_000,
    balance_fresh=True,
    spendable=900_000,
    unexplained=False,
    fee=1_500,
    fee_problem="",
    expected_fee=1_500,
    minimum=10_000,
    minimum_problem="",
    cooling_left_ms=0,
    undecided="",
    history_writable=True,
)
CLOSED: dict[str, tuple[dict[str, object], str, str]] = {
    "frozen": ({"frozen": True}, "frozen", "unfreeze"),
    "history": ({"history_writable": False}, "history", "mend"),
    "former quotes": ({"former_left_ms": 1}, "former run", "wait"),
    "undecided": ({"undecided": "w-7"}, "w-7", "wait"),
    "unknown balance": ({"balance": None, "spendable": None}, "balance", "wait"),
    "old balance": ({"balance_fresh": False}, "too old", "refresh"),
    "too much": ({"amount": 900_001}, "0.00900001 BTC", "take less"),
    "unexplained": ({"unexplained": True}, "not explained", "find out"),
    "unknown minimum": ({"minimum": None, "minimum_problem": "no answer"}, "no answer", "try again"),
    "too small": ({"amount": 9_999}, "0.00009999 BTC", "take more"),
    "unknown fee": ({"fee": None, "fee_problem": "no answer"}, "no answer", "try again"),
    "changed fee": ({"fee": 1_501}, "0.00001501 BTC", "review"),
    "fee eats all": ({"amount": 1_500, "minimum": 0}, "leave nothing", "take more"),
    "cooling": ({"cooling_left_ms": 1}, "wait 1 s", "compare"),
}


def test_an_order_that_meets_every_condition_may_go() -> None:
    assert closed(OPEN) == ()


@pytest.mark.parametrize("name", CLOSED)
def test_each_gate_closes_alone_and_says_what_to_do(name: str) -> None:
    changed, why, advice = CLOSED[name]
    reasons = closed(msgspec.structs.replace(OPEN, **changed))
    assert len(reasons) == 1
    assert why in reasons[0]
    assert advice in reasons[0]
    assert "\n" not in reasons[0]
    assert not reasons[0].endswith(".")


def test_everything_wrong_at_once_is_told_at_once() -> None:
    changes: dict[str, object] = {}
    for changed, _, _ in CLOSED.values():
        changes |= changed
    reasons = closed(msgspec.structs.replace(OPEN, **changes))
    assert len(reasons) == len(set(reasons)) == 8


@pytest.mark.parametrize(("spendable", "free"), [(100_000, True), (99_999, False)])
def test_the_last_base_unit_decides(spendable: int, free: bool) -> None:
    assert (closed(msgspec.structs.replace(OPEN, spendable=spendable)) == ()) is free


def test_amounts_of_eighteen_decimals_are_told_to_the_last() -> None:
    facts = msgspec.structs.replace(OPEN, asset=EURE, amount=10**19 + 1, spendable=10**19, balance=10**19)
    assert "10.000000000000000001 EURe" in closed(facts)[0]
