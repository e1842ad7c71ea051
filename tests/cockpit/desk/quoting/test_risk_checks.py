"""The details of the checks are recorded: their format is that of the decisions recorded before."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from cockpit.desk.quoting.risk_checks import CHECKS, EXECUTOR_CHECKS
from cockpit.desk.quoting.strategy import decide, desk_prices
from cockpit.model.commands import Limits, PriceParams
from tests.support.desk.builders import request, view

DETAILS: list[tuple[str, Mapping[str, object], str]] = [
    ("strategy_armed", {"strategy_armed": False}, "no"),
    ("trading", {"trading": "HALTED"}, "HALTED"),
    ("trading", {"trading": "REDUCING"}, "REDUCING: leaves 49996.00800000 EURe, at least 50000.00000000"),
    ("trading", {"trading": "REDUCING", "quote_balance": None}, "REDUCING: unknown"),
    ("reference", {}, "50000"),
    ("reference", {"mid_problem": "kraken is 90 bps from the median"}, "kraken is 90 bps from the median"),
    ("inventory", {"quote_balance": None}, "unknown"),
    ("amount", {}, "3.99200000 EURe"),
    ("min_notional", {"limits": Limits(min_notional_eure=Decimal(1))}, "3.992000 EURe, at least 1 EURe"),
    ("edge", {}, "0.008000 EURe, at least 5 bps"),
    ("premium", {"params": PriceParams(max_premium_bps=Decimal(10))}, "0.25 bps, at most 10 bps"),
    ("premium", {"params": PriceParams(max_premium_bps=Decimal(10)), "mid": None}, "unknown, at most 10 bps"),
    ("option", {"limits": Limits(max_option_eure=Decimal(2))}, "unknown"),
    (
        "option",
        {"limits": Limits(max_option_eure=Decimal(2)), "option_value": 10**18},
        "1.000100 EURe, reduces from 1.6, at most 2 EURe",
    ),
    ("covered", {"quote_balance": 0, "quote_reserved": 1}, "gives 3.98600000 EURe, spendable 0.00000000"),
    ("promised", {"mid": None}, "unknown"),
    ("share", {"base_balance": None}, "unknown"),
    ("rate", {"quotes_in_second": 50}, "50 within a second, at most 50"),
    ("history", {}, "yes"),
]


@pytest.mark.parametrize(
    ("name", "changes", "detail"), DETAILS, ids=[f"{name}-{index}" for index, (name, _, _) in enumerate(DETAILS)]
)
def test_details_keep_their_recorded_format(name: str, changes: Mapping[str, object], detail: str) -> None:
    seen = view(**changes)
    decision = decide(request(), seen, desk_prices(seen))
    assert {check.name: check.text() for check in decision.checks}[name] == detail


def test_every_check_has_a_name_of_its_own_and_the_executors_come_last() -> None:
    limits = Limits(min_notional_eure=Decimal(1), max_option_eure=Decimal(1))
    rules = {"limits": limits, "params": PriceParams(max_premium_bps=Decimal(1))}
    seen = view(mid=Decimal(1), **rules)
    names = [check.name for check in decide(request(), seen, desk_prices(seen)).checks]
    assert len(set(names)) == len(names) == len(CHECKS)
    assert tuple(names[-len(EXECUTOR_CHECKS) :]) == EXECUTOR_CHECKS
