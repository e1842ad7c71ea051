"""Changing the pricing of a running desk: as a whole or not at all, once for each id, and journalled."""

import asyncio
from decimal import Decimal
from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.preset_file import Presets
from cockpit.desk.api.set_pricing import BUSY, COMMAND, NOTHING_CHANGED, SetPricing
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.quoting.desk_view import record_view
from cockpit.desk.quoting.kept_requests import KeptRequests
from cockpit.desk.quoting.strategy import desk_prices
from cockpit.model.commands import CommandRequest, Limits, PriceParams
from cockpit.model.environment import Environment
from cockpit.model.pricing.pricing_set import PRICING_NAMES, PricingPreview, QuoteLives
from tests.support.desk.builders import request, view
from tests.support.desk.command_desk import Desk
from tests.support.desk.views import PRICING
from venue.protocol.units import NS_PER_S

OPS = CommandRequest(actor="ops", command_id="p-1")
SOME = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


class Case:
    def __init__(self) -> None:
        self.desk = Desk()
        self.pricing = PricingInForce(PriceParams())
        self.kept = KeptRequests()
        self.presets = Presets(values={"quiet": {"half_spread_bps": "9", "min_edge_bps": "1"}})
        self.route = SetPricing(
            self.desk.control.journal,
            self.pricing,
            self.desk.limits,
            self.kept,
            Environment(wall_ns=self.desk.clock),
            presets=lambda: self.presets,
        )


def test_what_is_named_changes_and_the_rest_stays() -> None:
    case = Case()
    for _ in range(2):
        result = case.route.set(OPS, {"half_spread_bps": "8", "vol_factor": 0.25})
        assert (result.accepted, result.reason) == (True, "half_spread_bps = 8 (was 20), vol_factor = 0.25 (was 0)")
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
        ({"max_fills_per_hour": "3"}, "unknown parameter max_fills_per_hour; expected some of half_spread_bps, "),
        ({"min_edge_bps": "3", "half_spread_bps": "-1"}, "half_spread_bps must be from 0 to 5000"),
        ({"max_notional_eure": "2000"}, "max_promised_eure must be at least max_notional_eure"),
        ({"min_notional_eure": "6"}, "min_notional_eure must be from 0 to max_notional_eure"),
        ({"target_btc_share": "0.95"}, "target_btc_share must leave both assets below max_asset_share, 0.9"),
        ({"quote_deadline_ms": "126000"}, "quote_deadline_ms must be from 0 to max_deadline_ms, 125000"),
        ({"quote_deadline_slack_ms": "999"}, "quote_deadline_slack_ms must be from 1000 to 60000"),
        ({"quote_exact_out_deadline_ms": "-1"}, "quote_exact_out_deadline_ms must be from 0 to max_deadline_ms"),
        ({"quote_deadline_ms": "1.5"}, "the parameters cannot be read"),
        ({"preset": "loud"}, "there is no such preset; there are "),
        ({"preset": ["quiet"]}, "there is no such preset; there are "),
        ({"half_spread_bps": "9", "max_premium_bps": "-1"}, "max_premium_bps must be from 0 to 5000"),
    ],
)
def test_a_parameter_that_is_not_valid_leaves_all_as_they_were(patch: dict[str, object], reason: str) -> None:
    case = Case()
    result = case.route.set(OPS, patch, case.presets)
    assert not result.accepted
    assert result.reason.startswith(reason)
    assert case.pricing.current == PriceParams()
    assert case.pricing.lives == QuoteLives()
    assert case.desk.limits.current == Limits()
    assert [entry.accepted for entry in case.desk.journal] == [False]


def test_sizes_least_edge_and_lives_change_with_the_rest_as_one_set() -> None:
    case = Case()
    patch = {
        "target_btc_share": "0.4",
        "min_edge_bps": "2",
        "min_notional_eure": 1,
        "max_notional_eure": "7.5",
        "quote_deadline_ms": 2_000,
        "quote_deadline_slack_ms": "3000",
        "quote_exact_out_deadline_ms": 30_000,
    }
    assert case.route.set(OPS, patch).accepted
    assert case.pricing.current == PriceParams(target_btc_share=Decimal("0.4"))
    assert case.pricing.lives == QuoteLives(
        quote_deadline_ms=2_000, quote_deadline_slack_ms=3_000, quote_exact_out_deadline_ms=30_000
    )
    limits = Limits(min_edge_bps=Decimal(2), min_notional_eure=Decimal(1), max_notional_eure=Decimal("7.5"))
    assert case.desk.limits.current == limits
    assert case.desk.in_force == [limits], "whoever holds quotes to the limits has the new ones"
    (entry,) = case.desk.journal
    assert msgspec.json.decode(entry.arguments) == patch
    assert case.route.current.values()["max_notional_eure"] == Decimal("7.5")


def test_a_preset_sets_its_values_and_others_go_over_them() -> None:
    case = Case()
    result = case.route.set(OPS, {"preset": "quiet", "min_edge_bps": "2"}, case.presets)
    assert (result.accepted, result.reason) == (
        True,
        "preset quiet: min_edge_bps = 2 (was 5), half_spread_bps = 9 (was 20)",
    )
    assert case.pricing.current == PriceParams(half_spread_bps=Decimal(9))
    assert case.desk.limits.current == Limits(min_edge_bps=Decimal(2))


@given(st.dictionaries(st.sampled_from(PRICING_NAMES), SOME, max_size=4))
def test_a_refused_set_changes_nothing_and_an_accepted_one_only_what_is_named(patch: dict[str, object]) -> None:
    case = Case()
    before = case.route.current
    accepted = case.route.set(CommandRequest(), patch).accepted
    changed = before.differences(case.route.current)
    assert set(changed) <= (set(patch) if accepted else set())


def keep(case: Case, many: int, apart_ns: int) -> None:
    """Keep requests of 25 EURe, the newest now, as a disarmed desk saw them."""
    for number in range(many):
        at_ns = case.desk.clock.now_ns - (many - number) * apart_ns
        asked = request("buy", amount_in=50_000 + number, quote_id=f"q-{number}", at_ns=at_ns)
        seen = view(mid_at_ns=at_ns, inventory_at_ns=at_ns, strategy_armed=False)
        case.kept.note(asked, seen.market, partial(record_view, seen))


async def test_a_preview_decides_the_kept_requests_under_both_sets_and_changes_nothing() -> None:
    case = Case()
    keep(case, 40, NS_PER_S)
    before = case.route.current
    refused = await case.route.preview({"half_spread_bps": "40", "max_notional_eure": "2000"}, case.presets)
    assert "max_promised_eure must be at least" in str(refused)
    found = await case.route.preview({"half_spread_bps": "40", "max_notional_eure": "900"}, case.presets)
    assert isinstance(found, PricingPreview)
    assert (found.requests, found.over_ms) == (40, 40_000)
    assert found.changes == {"half_spread_bps": ("20", "40"), "max_notional_eure": ("5", "900")}
    assert (found.before.quoted, found.before.width_bps, found.before.edge_bps) == (0, None, None)
    assert [many for _, many in found.before.refused] == [40]
    assert (found.after.quoted, found.after.refused) == (40, ())
    assert found.after.width_bps is not None
    assert abs(found.after.width_bps - 40) <= Decimal("15.1"), "the half spread, and the skew"
    assert found.after.notional_eure > 990
    assert case.route.current == before
    assert case.desk.journal == []
    case.route.set(OPS, {"half_spread_bps": "40", "max_notional_eure": "900"})
    again = await case.route.preview({}, case.presets)
    assert isinstance(again, PricingPreview)
    assert again.before == again.after == found.after, "it is the set in force that decides"


async def test_one_preview_runs_at_a_time_and_requests_are_answered_in_between() -> None:
    case = Case()
    keep(case, 100, 1)
    running = asyncio.create_task(case.route.preview({}, case.presets))
    turns = 0
    while not running.done():
        await asyncio.sleep(0)
        turns += 1
        if turns == 5:
            assert await case.route.preview({}, case.presets) == BUSY
    assert isinstance(await running, PricingPreview)
    assert turns >= 2 * 100, "the loop is free after each decision"


async def test_without_requests_a_preview_says_so() -> None:
    found = await Case().route.preview({"half_spread_bps": "9"}, Presets(values={}))
    assert isinstance(found, PricingPreview)
    assert (found.requests, found.over_ms, found.after.quoted) == (0, 0, 0)


def test_a_body_without_parameters_changes_nothing() -> None:
    case = Case()
    assert case.route.set(OPS, {}).reason == NOTHING_CHANGED
    assert case.pricing.current == PriceParams()


def test_an_id_that_was_used_for_another_change_is_refused() -> None:
    case = Case()
    case.route.set(OPS, {"half_spread_bps": "8"})
    assert not case.route.set(OPS, {"half_spread_bps": "9"}).accepted
    assert case.pricing.current.half_spread_bps == 8


@given(st.dictionaries(st.sampled_from(PRICING_NAMES) | st.text(max_size=5), SOME, max_size=4))
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
