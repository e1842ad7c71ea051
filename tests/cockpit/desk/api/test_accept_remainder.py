"""Accepting a difference: only all of it, exactly, with a reason, and never a loss that somebody may have caused."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.api.accept_remainder import NOTHING_UNEXPLAINED, AcceptRemainder
from cockpit.desk.api.errors import InvalidBodyError
from cockpit.desk.inventory.movements import Movement
from cockpit.model.commands import CommandRequest, Result
from tests.support.amounts import btc_eure
from tests.support.desk.chain import InventoryHarness
from tests.support.desk.command_desk import Desk
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE

ONE_UNIT = btc_eure(1, 0)
OPS = CommandRequest(actor="ops")


class Case:
    """The route over an inventory whose difference a test sets."""

    def __init__(self, unexplained: TokenAmounts = ONE_UNIT) -> None:
        self.desk, self.watched = Desk(), InventoryHarness()
        self.inventory = self.watched.inventory
        self.inventory.ledger.balance = btc_eure(10, 10)
        self.inventory.ledger.unexplained = self.inventory.ledger.recorded_difference = unexplained
        self.withdrawals: list[Any] = []
        self.deposits = SimpleNamespace(pending=lambda asset: self.pending.get(asset.symbol, []))
        self.pending: dict[str, list[Any]] = {}
        self.mid: Decimal | None = Decimal(50_000)
        self.route = AcceptRemainder(
            self.desk.control.journal,
            DEFAULT_TOKENS,
            self.inventory,
            max_loss=Decimal("0.01"),
            mid=lambda: self.mid,
            withdrawals=cast(Any, SimpleNamespace(shown=lambda: self.withdrawals)),
            deposits=cast(Any, self.deposits),
        )

    def accept(self, reason: object = "a stranger sent it", **amounts: object) -> Result:
        return self.route.accept(OPS, {"amounts": amounts, "reason": reason})


def test_what_is_named_exactly_is_accepted_and_journalled() -> None:
    case = Case(btc_eure(1, -(10**15)))
    result = case.accept(BTC="1", EURe=str(-(10**15)))
    assert result.accepted, result.reason
    assert case.inventory.ledger.accepted == btc_eure(1, -(10**15))
    (entry,) = case.desk.journal
    assert (entry.actor, entry.command, entry.accepted) == ("ops", "accept-remainder", True)
    assert "+0.00000001 BTC (+1 base units), -0.001 EURe" in entry.reason
    assert "a stranger sent it" in entry.reason
    assert '"BTC":"1"' in entry.arguments


@pytest.mark.parametrize(
    ("unexplained", "amounts", "text"),
    [
        (btc_eure(1, 0), {"BTC": "2"}, "the unexplained difference is +0.00000001 BTC (+1 base units)"),
        (btc_eure(1, 0), {"BTC": "1", "EURe": "1"}, "the unexplained difference is"),
        (btc_eure(1, 5), {"BTC": "1"}, "the unexplained difference is"),
        (btc_eure(1, 0), {"BTC": "-1"}, "the unexplained difference is"),
        (btc_eure(1, 0), {}, "not nothing"),
        (btc_eure(0, 0), {"BTC": "1"}, NOTHING_UNEXPLAINED),
        (btc_eure(-21, 0), {"BTC": "-21"}, "0.01 EURe are missing, more than 0.01"),
        (btc_eure(0, -(10**16) - 1), {"EURe": str(-(10**16) - 1)}, "REMAINDER_MAX_LOSS_EURE"),
        (btc_eure(10**8, -(10**18)), {"BTC": str(10**8), "EURe": str(-(10**18))}, "1.00 EURe are missing"),
    ],
)
def test_anything_else_is_refused_and_changes_nothing(
    unexplained: TokenAmounts, amounts: dict[str, str], text: str
) -> None:
    case = Case(unexplained)
    result = case.accept(**amounts)
    assert not result.accepted
    assert text in result.reason
    assert (case.inventory.ledger.accepted, case.inventory.ledger.unexplained) == (NOTHING, unexplained)
    assert [entry.accepted for entry in case.desk.journal] == [False]


def test_a_reason_is_needed_and_balances_too() -> None:
    assert "give a reason" in Case().accept(" ", BTC="1").reason
    case = Case()
    case.inventory.ledger.balance = None
    assert "not known" in case.accept(BTC="1").reason


def test_what_may_still_be_explained_is_not_accepted() -> None:
    case = Case()
    case.withdrawals = [SimpleNamespace(followed=True, confirmed=True, order=SimpleNamespace(withdrawal_id="w-1"))]
    assert "withdrawal w-1 is still open" in case.accept(BTC="1").reason
    case.withdrawals = [SimpleNamespace(followed=False)]
    case.pending = {"BTC": [SimpleNamespace(amount=1)]}
    assert "a pending deposit of BTC has the same amount" in case.accept(BTC="1").reason
    case.pending = {"BTC": [SimpleNamespace(amount=2)]}
    case.watched.listed = None
    assert "the bridge has not reported" in case.accept(BTC="1").reason
    deposit = Movement("deposit:1", btc_eure(5, 0))
    case.watched.listed = [deposit]
    assert "1 credited deposit is not booked yet (+0.00000005 BTC (+5 base units))" in case.accept(BTC="1").reason
    case.inventory.ledger.book_deposit(deposit)
    assert case.accept(BTC="1").accepted


def test_a_tracked_hash_that_nobody_confirmed_does_not_hold_up_the_acceptance() -> None:
    case = Case()
    case.withdrawals = [SimpleNamespace(followed=True, confirmed=False)]
    assert case.accept(BTC="1").accepted


def test_a_loss_of_btc_without_a_price_is_not_accepted() -> None:
    case = Case(btc_eure(-1, 0))
    case.mid = None
    assert "no reference price" in case.accept(BTC="-1").reason
    case.mid = Decimal(50_000)
    assert case.accept(BTC="-1").accepted


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amounts": ["1"], "reason": "x"},
        {"amounts": {"DOGE": "1"}, "reason": "x"},
        {"amounts": {"BTC": 1}, "reason": "x"},
        {"amounts": {"BTC": "1.0"}, "reason": "x"},
        {"amounts": {"BTC": "+-1"}, "reason": "x"},
        {"amounts": {"BTC": "--1"}, "reason": "x"},
        {"amounts": {"BTC": "1_0"}, "reason": "x"},
        {"amounts": {"BTC": "\u0661"}, "reason": "x"},
        {"amounts": {"BTC": ""}, "reason": "x"},
        {"amounts": {"BTC": "9" * 40}, "reason": "x"},
        {"amounts": {"BTC": "1"}, "reason": 7},
        {"amounts": {"BTC": "1"}, "reason": "two\nlines"},
        {"amounts": {"BTC": "1"}, "reason": "x" * 201},
        {"amounts": {"BTC": "1"}, "reason": "x", "force": True},
    ],
)
def test_an_invalid_body_is_refused(body: dict[str, object]) -> None:
    case = Case()
    with pytest.raises(InvalidBodyError):
        case.route.accept(OPS, body)
    assert case.inventory.ledger.accepted == NOTHING


signed = st.integers(-(10**20), 10**20)


@given(signed, signed, signed, signed)
def test_only_the_exact_difference_and_never_a_loss_beyond_the_bound(base: int, quote: int, a: int, b: int) -> None:
    unexplained = btc_eure(base, quote)
    for named in (btc_eure(a, b), unexplained):
        case = Case(unexplained)
        result = case.accept(BTC=str(named[BTC.token_id]), EURe=str(named[EURE.token_id]))
        missing = max(0, -base) * Decimal("0.0005") + max(0, -quote) * Decimal("1e-18")
        may = named == unexplained != NOTHING and missing <= Decimal("0.01")
        assert result.accepted == may, result.reason
        assert case.inventory.ledger.accepted == (named if may else NOTHING)
        assert case.inventory.ledger.unexplained == (NOTHING if may else unexplained)
