"""Quotes that price the option in them: their lives, refusals and records."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given

from cockpit.accounting.option_value import option_value
from cockpit.desk.market.pricing import deviation, earns
from cockpit.desk.quoting.desk_view import DeskView, read_view
from cockpit.desk.quoting.strategy import decision_event
from cockpit.model.commands import PriceParams
from cockpit.model.events import SwapDemand
from tests.cockpit.desk.quoting.test_strategy import decided, failed, limits, requests, views
from tests.support.desk.builders import NOW, request, view
from tests.support.desk.views import PRICING, SIGMAS
from venue.protocol.units import NS_PER_MS

OPTION = PriceParams(
    half_spread_bps=Decimal(6),
    max_skew_bps=Decimal(40),
    vol_factor=Decimal("0.30"),
    skew_sigmas=Decimal(3),
    max_premium_bps=Decimal(10),
)


def optioned(**changes: object) -> DeskView:
    """A view under which the option in a quote is priced."""
    rules = {"params": OPTION, "limits": limits(min_edge_bps=Decimal(3)), "deadline_slack_ms": 5_000}
    return view(**{**rules, "default_deadline_ms": 1_000, "sigma_bps": Decimal(15), **changes})


def test_a_quote_lives_as_long_as_is_asked_and_the_slack_and_costs_by_its_life() -> None:
    short, usual = (decided(request(min_deadline_ms=ms), optioned()) for ms in (30_000, 60_000))
    assert [(one.deadline_ns - NOW) // NS_PER_MS for one in (short, usual)] == [35_000, 65_000]
    assert short.execute
    assert usual.execute
    assert short.price is not None
    assert usual.price is not None
    assert short.price > usual.price


@pytest.mark.parametrize(("sigma", "passes"), [("40", True), ("60", False)])
def test_a_quote_whose_option_is_worth_too_much_is_refused(sigma: str, passes: bool) -> None:
    decision = decided(request(), optioned(sigma_bps=Decimal(sigma)))
    assert failed(decision) == ([] if passes else ["premium"])


def test_a_life_above_the_limit_is_refused_and_not_priced_higher() -> None:
    decision = decided(request(min_deadline_ms=2**62), optioned())
    assert failed(decision)[0] == "deadline"


def test_while_sigma_is_unknown_it_counts_as_the_setting_says() -> None:
    unknown, as_set = (decided(request(), optioned(sigma_bps=sigma)) for sigma in (None, Decimal(12)))
    assert unknown == as_set


@given(requests, views)
def test_a_decision_from_before_sigma_was_known_is_made_again_to_the_letter(asked: SwapDemand, seen: DeskView) -> None:
    older = msgspec.structs.replace(seen, sigma_bps=None, add_on_bps=Decimal(0), params=PriceParams())
    event = decision_event("d-1", asked, decided(asked, older), older)
    assert "sigma_bps" not in event.view
    assert "add_on_bps" not in event.view
    assert "premium" not in {check.name for check in event.checks}
    again = read_view(event.view, older.market, older.limits, older.params)
    assert decision_event("d-1", asked, decided(asked, again), again) == event


@given(requests, views, SIGMAS)
def test_sigma_changes_nothing_where_prices_are_fixed(asked: SwapDemand, seen: DeskView, sigma: Decimal | None) -> None:
    fixed = msgspec.structs.replace(seen, params=PriceParams())
    assert decided(asked, fixed) == decided(asked, msgspec.structs.replace(fixed, sigma_bps=sigma))


@given(requests, views, PRICING, SIGMAS)
def test_what_is_executed_earns_the_least_edge_and_gives_no_more_than_the_largest_premium(
    asked: SwapDemand, seen: DeskView, params: PriceParams, sigma: Decimal | None
) -> None:
    decision = decided(asked, msgspec.structs.replace(seen, params=params, sigma_bps=sigma))
    if not decision.execute:
        return
    assert decision.amounts is not None
    assert decision.mid is not None
    assert decision.price is not None
    assert earns(seen.market, decision.side, decision.amounts, decision.mid, seen.limits.min_edge_bps)
    if params.max_premium_bps:
        # One bps more away than the price is, the option is worth less.
        away = abs(Fraction(decision.price) / Fraction(decision.mid) - 1) * 10_000 + 1
        known = params.unknown_sigma_bps if sigma is None else sigma
        moves = deviation(int(known * 10**6), (decision.deadline_ns - asked.at_ns) // NS_PER_MS)
        assert option_value(int(away * 10**6), moves) <= params.max_premium_bps * 10**6
