"""Changing the pricing of a running desk: as a whole or not at all, once for each id, and journalled."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.api.set_pricing import COMMAND, NOTHING_CHANGED, SetPricing
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.quoting.strategy import desk_prices
from cockpit.model.commands import CommandRequest, PriceParams
from tests.support.desk.builders import view
from tests.support.desk.command_desk import Desk
from tests.support.desk.views import PRICING

OPS = CommandRequest(actor="ops", command_id="p-1")
SOME = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


class Case:
    def __init__(self) -> None:
        self.desk = Desk()
        self.pricing = PricingInForce(PriceParams())
        self.route = SetPricing(self.desk.control.journal, self.pricing)


def test_what_is_named_changes_and_the_rest_stays() -> None:
    case = Case()
    for _ in range(2):
        result = case.route.set(OPS, {"half_spread_bps": "8", "vol_factor": 0.25})
        assert (result.accepted, result.reason) == (True, "half_spread_bps = 8, vol_factor = 0.25")
    assert case.pricing.current == PriceParams(half_spread_bps=Decimal(8), vol_factor=Decimal("0.25"))
    (entry,) = case.desk.journal
    assert (entry.actor, entry.command, entry.accepted) == ("ops", COMMAND, True)
    assert msgspec.json.decode(entry.arguments) == {"half_spread_bps": "8", "vol_factor": 0.25}


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ({"half_spread_bps": "5001"}, "half_spread_bps must be from 0 to 5000"),
        ({"vol_factor": "-0.1"}, "vol_factor must be from 0 to 5"),
        ({"unknown_sigma_bps": 0}, "unknown_sigma_bps must be from 1.5 to 1000"),
        ({"max_skew_bps": "1e-19"}, "max_skew_bps must have at most 18 decimals"),
        ({"skew_sigmas": "NaN"}, "skew_sigmas must be from 0 to 50"),
        ({"max_premium_bps": "wide"}, "the parameters cannot be read"),
        ({"min_edge_bps": "3"}, "unknown parameter min_edge_bps; expected some of half_spread_bps, "),
        ({"half_spread_bps": "9", "max_premium_bps": "-1"}, "max_premium_bps must be from 0 to 5000"),
    ],
)
def test_a_parameter_that_is_not_valid_leaves_all_as_they_were(patch: dict[str, object], reason: str) -> None:
    case = Case()
    result = case.route.set(OPS, patch)
    assert not result.accepted
    assert result.reason.startswith(reason)
    assert case.pricing.current == PriceParams()
    assert [entry.accepted for entry in case.desk.journal] == [False]


def test_a_body_without_parameters_changes_nothing() -> None:
    case = Case()
    assert case.route.set(OPS, {}).reason == NOTHING_CHANGED
    assert case.pricing.current == PriceParams()


def test_an_id_that_was_used_for_another_change_is_refused() -> None:
    case = Case()
    case.route.set(OPS, {"half_spread_bps": "8"})
    assert not case.route.set(OPS, {"half_spread_bps": "9"}).accepted
    assert case.pricing.current.half_spread_bps == 8


@given(st.dictionaries(st.sampled_from(PriceParams.__struct_fields__) | st.text(max_size=5), SOME, max_size=4))
def test_whatever_is_sent_what_is_in_force_is_valid_and_can_be_priced_by(patch: dict[str, object]) -> None:
    case = Case()
    case.route.set(CommandRequest(), patch)
    assert case.pricing.current.problems() == ()
    assert desk_prices(view(params=case.pricing.current)) is not None


@given(PRICING)
def test_what_the_settings_allow_is_valid(params: PriceParams) -> None:
    assert params.problems() == ()


def test_what_is_not_valid_is_not_put_in_force() -> None:
    case = Case()
    with pytest.raises(ValueError, match="half_spread_bps must be from 0 to 5000"):
        case.pricing.replace(PriceParams(half_spread_bps=Decimal(-1)))
