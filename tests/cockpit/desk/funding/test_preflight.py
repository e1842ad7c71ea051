"""Every preflight check of a withdrawal can fail alone, with one sentence that says what to do."""

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.desk.funding.preflight import CLOCK, PREVIOUS_RUN, failed_checks
from cockpit.desk.risk.venue_access import Known
from tests.support.desk.open_venue import NO, OPEN_VENUE, YES
from tests.support.funding.passing import PASSING
from venue.protocol.tokens import EURE

LATER = Known[bool](value=False, age_ms=185_001, problem="HTTP 500")


def venue(**changes: object) -> dict[str, object]:
    """The facts of a venue that is open but for these changes."""
    return {"venue": replace(OPEN_VENUE, **changes)}


def paused(*features: str) -> dict[str, object]:
    return venue(paused=Known(value=features, age_ms=0))


FAILING: dict[str, tuple[dict[str, object], str, str]] = {
    "frozen": ({"frozen": True}, "frozen", "unfreeze"),
    "locked": (venue(locked=YES), "locked the account", "ask"),
    "lock unknown": (venue(locked=Known()), "not known yet", "wait"),
    "lock unread": (venue(locked=LATER), "unknown for 185 s: HTTP 500", "wait"),
    "transactions paused": (paused("ft_withdraw"), "by transaction are paused", "wait"),
    "intents paused": ({"route": "intent", **paused("intents")}, "by intent are paused", "wait"),
    "all paused": (paused("ALL"), "paused", "wait"),
    "pause unknown": (venue(paused=Known(problem="HTTP 429")), "not known yet: HTTP 429", "wait"),
    "no predecessor": (venue(predecessor=NO), "predecessor authentication", "WITHDRAWAL_ROUTE=intent"),
    "predecessor unknown": (venue(predecessor=LATER), "may withdraw by transaction is unknown", "wait"),
    "history": ({"history_complete": False}, "history", "wait until"),
    "clock": ({"clock_right": False}, CLOCK, "synchronise it"),
    "previous run": ({"previous_run_ms": 1}, PREVIOUS_RUN, "wait"),
    "undecided": ({"undecided": "w-7"}, "w-7", "wait"),
    "unknown balance": ({"balance": None, "available": None}, "balance", "wait"),
    "old balance": ({"balance_fresh": False}, "too old", "refresh"),
    "too much": ({"amount": 900_001}, "0.00900001 BTC", "reduce it"),
    "unexplained": ({"unexplained": True}, "without explanation", "find the cause"),
    "unknown minimum": ({"minimum": None, "minimum_problem": "no answer"}, "no answer", "try again"),
    "too little arrives": ({"amount": 11_499}, "0.00009999 BTC", "increase the amount"),
    "dust": ({"amount": 2_045, "minimum": 0, "destination": "1Boat"}, "0.00000545 BTC", "increase the amount"),
    "segwit dust": ({"amount": 1_793, "minimum": 0}, "0.00000293 BTC", "increase the amount"),
    "unknown fee": ({"fee": None, "fee_problem": "no answer"}, "no answer", "try again"),
    "changed fee": ({"fee": 1_501}, "0.00001501 BTC", "review"),
    "fee eats all": ({"amount": 1_500, "minimum": 0}, "leaves nothing", "increase the amount"),
    "unnamed fee": ({"expected_fee": None, "amount": 29_999}, "is 5.0% of the amount, above 5 %", "give expected_fee"),
    "unnamed high fee": (
        {"expected_fee": None, "fee": 60_000, "minimum": 1},
        "0.0006 BTC is 60.0%",
        "(60000 base units",
    ),
    "own deposit address": ({"own_deposit_address": True}, "own deposit address", "enter another address"),
    "own addresses unknown": ({"own_deposit_address": None}, "are not known", "refresh"),
    "cooling": ({"cooling_left_ms": 1}, "wait 1 s", "compare"),
}


def test_an_order_that_meets_every_condition_may_go() -> None:
    assert failed_checks(PASSING) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 11_500},
        {"amount": 30_000, "expected_fee": None},
        {"fee": 60_000, "expected_fee": 60_000},
        {"amount": 2_046, "minimum": 0, "destination": "1Boat"},
        {"amount": 1_794, "minimum": 0},
        {"asset": EURE, "amount": 1_501, "minimum": 0, "destination": "0x1"},
        {"route": "intent", **venue(predecessor=NO)},
        {"route": "intent", **venue(predecessor=Known())},
        {"route": "intent", **paused("ft_withdraw")},
        paused("intents", "mt_transfer"),
        venue(predecessor=Known(absent=True, age_ms=0)),
        venue(locked=Known(absent=True, age_ms=0), paused=Known(absent=True, age_ms=0)),
        venue(key_accepted=Known(), unlisted=Known()),
    ],
)
def test_the_minimum_holds_for_what_arrives(changes: dict[str, object]) -> None:
    assert failed_checks(msgspec.structs.replace(PASSING, **changes)) == ()


@pytest.mark.parametrize("name", FAILING)
def test_each_check_fails_alone_and_says_what_to_do(name: str) -> None:
    changed, cause, advice = FAILING[name]
    reasons = failed_checks(msgspec.structs.replace(PASSING, **changed))
    assert len(reasons) == 1
    assert cause in reasons[0]
    assert advice in reasons[0]
    assert "\n" not in reasons[0]
    assert not reasons[0].endswith(".")


def test_everything_wrong_is_refused_at_once() -> None:
    changes: dict[str, object] = {}
    for changed, _, _ in FAILING.values():
        changes |= changed
    reasons = failed_checks(msgspec.structs.replace(PASSING, **changes))
    assert len(reasons) == len(set(reasons)) == 10


@pytest.mark.parametrize(("available", "passes"), [(100_000, True), (99_999, False)])
def test_the_last_base_unit_decides(available: int, passes: bool) -> None:
    assert (failed_checks(msgspec.structs.replace(PASSING, available=available)) == ()) is passes


def test_amounts_of_eighteen_decimals_are_shown_to_the_last() -> None:
    facts = msgspec.structs.replace(PASSING, asset=EURE, amount=10**19 + 1, available=10**19, balance=10**19)
    assert "10.000000000000000001 EURe" in failed_checks(facts)[0]
