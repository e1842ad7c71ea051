"""Prices that grow with the life of a quote and with σ: examples, and what holds of all of them."""

import ast
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cockpit
from cockpit.accounting.option_value import option_value
from cockpit.config.pricing_presets import PRESETS
from cockpit.desk.market.pricing import (
    MOST_HALF_SPREAD_BPS,
    Amounts,
    Bounds,
    LifePrices,
    Prices,
    PricesByLife,
    skew_bps,
)
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quoting.desk_view import DeskView
from cockpit.desk.quoting.risk_checks import CheckInputs
from cockpit.desk.quoting.strategy import Decision
from cockpit.model.commands import Limits, PriceParams
from tests.support.desk.builders import MID
from tests.support.desk.views import PRICING

OPTION = PriceParams(
    half_spread_bps=Decimal(6),
    max_skew_bps=Decimal(40),
    vol_factor=Decimal("0.30"),
    skew_sigmas=Decimal(3),
    max_premium_bps=Decimal(10),
)
LEAST = Decimal(3)
mids = st.decimals(Decimal("0.01"), Decimal(10_000_000), places=8)
sigmas = st.decimals(Decimal("1.5"), 10_000, places=2)
lives = st.integers(0, 2**63)
skews = st.decimals(-2_000, 2_000, places=3)
edges = st.decimals(0, 5_000, places=2)
add_ons = st.decimals(0, 15, places=2)
shares = st.decimals(0, 1, places=6)


def priced(
    mid: Decimal = MID,
    skew: Decimal = Decimal(0),
    params: PriceParams = OPTION,
    *,
    least: Decimal = LEAST,
    sigma: Decimal = Decimal(10),
) -> PricesByLife:
    return PricesByLife(mid, skew, params, min_edge_bps=least, sigma_bps=sigma)


def half_bps(sigma: str, life_s: int) -> Decimal:
    return (1 - priced(sigma=Decimal(sigma)).at(life_s * 1_000).bid / MID) * 10_000


@pytest.mark.parametrize(
    ("sigma", "life_s", "half"),
    [
        ("4", 61, "7.2"),
        ("6.5", 61, "8.0"),
        ("15", 61, "10.5"),
        ("25", 61, "13.6"),
        ("37", 61, "17.2"),
        ("25", 121, "16.7"),
    ],
)
def test_the_half_spread_is_six_and_three_tenths_of_what_the_mid_may_do_by_the_deadline(
    sigma: str, life_s: int, half: str
) -> None:
    assert abs(half_bps(sigma, life_s) - Decimal(half)) <= Decimal("0.06")


@pytest.mark.parametrize(("share", "skew"), [("0", 36), ("0.25", 18), ("0.5", 0), ("0.75", -18), ("1", -36)])
def test_the_skew_is_three_sigma_times_the_lean(share: str, skew: int) -> None:
    assert skew_bps(Decimal(share), OPTION, Decimal(12)) == skew


def test_the_skew_is_never_more_than_the_largest() -> None:
    assert skew_bps(Decimal(0), OPTION, Decimal(100)) == 40


def test_an_unknown_sigma_counts_as_the_setting_says() -> None:
    assert skew_bps(Decimal(0), OPTION) == skew_bps(Decimal(0), OPTION, Decimal(12)) == 36


def test_the_preset_of_fixed_prices_is_the_behaviour_of_old_records() -> None:
    names = {"half_spread_bps": "HALF_SPREAD_BPS", "max_skew_bps": "MAX_SKEW_BPS", "max_premium_bps": "MAX_PREMIUM_BPS"}
    names |= {"vol_factor": "VOL_FACTOR", "skew_sigmas": "SKEW_SIGMAS"}
    assert {name: Decimal(PRESETS["fixed"][f"STRATEGY_{setting}"]) for name, setting in names.items()} == {
        name: getattr(PriceParams(), name) for name in names
    }


def test_parameters_that_were_recorded_before_there_were_more_are_read_as_they_priced() -> None:
    old = b'{"half_spread_bps":"12","max_skew_bps":"7","target_btc_share":"0.4"}'
    read = msgspec.json.decode(old, type=PriceParams)
    assert priced(params=read).at(1) == msgspec.structs.replace(
        priced(params=read).at(3_600_000), bid_premium=Decimal(0), ask_premium=Decimal(0)
    )
    assert skew_bps(Decimal(0), read, Decimal(500)) == 7


@given(mids, skews, PRICING, edges, sigmas, lives, add_ons)
def test_no_price_is_ever_nearer_to_the_mid_than_the_edge_nor_below_zero(
    mid: Decimal,
    skew: Decimal,
    params: PriceParams,
    least: Decimal,
    sigma: Decimal,
    life_ms: int,
    add_on: Decimal,
) -> None:
    made = priced(mid, skew, params, least=least, sigma=sigma).at(life_ms, add_on)
    exact_mid, edge = Fraction(mid), Fraction(least) / 10_000
    assert 0 <= Fraction(made.bid) <= exact_mid * (1 - edge)
    assert Fraction(made.ask) >= exact_mid * (1 + edge)
    assert made.bid == made.bid.quantize(Decimal("1e-8"))
    assert made.ask == made.ask.quantize(Decimal("1e-8"))
    assert made.bid_premium >= 0 <= made.ask_premium


@given(sigmas, sigmas, lives, lives, add_ons, add_ons)
def test_more_volatility_a_longer_life_and_a_larger_add_on_never_bring_a_better_price(
    sigma: Decimal, other: Decimal, life_ms: int, longer_ms: int, add_on: Decimal, more: Decimal
) -> None:
    low, high = sorted((sigma, other))
    one = priced(sigma=low).at(min(life_ms, longer_ms), min(add_on, more))
    two = priced(sigma=high).at(max(life_ms, longer_ms), max(add_on, more))
    assert two.bid <= one.bid
    assert two.ask >= one.ask


@given(shares, shares, sigmas, lives)
def test_the_more_btc_the_lower_both_prices(one: Decimal, two: Decimal, sigma: Decimal, life_ms: int) -> None:
    less, more = (priced(skew=skew_bps(share, OPTION, sigma), sigma=sigma).at(life_ms) for share in sorted((one, two)))
    assert more.bid <= less.bid
    assert more.ask <= less.ask


@given(mids, skews, PRICING, edges, lives)
def test_without_a_factor_every_life_has_the_prices_of_before(
    mid: Decimal, skew: Decimal, params: PriceParams, least: Decimal, life_ms: int
) -> None:
    plain = msgspec.structs.replace(params, vol_factor=Decimal(0))
    made = priced(mid, skew, plain, least=least).at(life_ms)
    down = max(Fraction(plain.half_spread_bps) - Fraction(skew), Fraction(least))
    up = max(Fraction(plain.half_spread_bps) + Fraction(skew), Fraction(least))
    ticks = Fraction(10**8)
    assert Fraction(made.bid) == Fraction(floor(Fraction(mid) * (1 - down / 10_000) * ticks)) / ticks
    assert Fraction(made.ask) == Fraction(ceil(Fraction(mid) * (1 + up / 10_000) * ticks)) / ticks


@given(sigmas, st.integers(1_000, 3_600_000), skews)
def test_the_premium_is_the_value_of_the_option_at_the_price(sigma: Decimal, life_ms: int, skew: Decimal) -> None:
    made = priced(skew=skew, sigma=sigma).at(life_ms)
    moves = Fraction(sigma) ** 2 * life_ms / 60_000
    for price, premium in ((made.bid, made.bid_premium), (made.ask, made.ask_premium)):
        distance = abs(Fraction(price) / Fraction(MID) - 1) * 10_000
        value = Fraction(option_value(round(distance * 10**6), round(float(moves) ** 0.5 * 10**6)), 10**6)
        assert abs(Fraction(premium) - value) <= Fraction(1, 50)


@given(sigmas, lives, lives, skews)
def test_a_narrower_quote_has_the_higher_premium_of_the_two_sides(
    sigma: Decimal, life_ms: int, longer_ms: int, skew: Decimal
) -> None:
    made = priced(skew=skew, sigma=sigma).at(life_ms)
    if skew > 0:
        assert made.bid_premium >= made.ask_premium
    if skew < 0:
        assert made.bid_premium <= made.ask_premium


def test_a_half_spread_ends_at_the_widest_of_the_settings() -> None:
    wild = priced(params=msgspec.structs.replace(OPTION, vol_factor=Decimal(5)), sigma=Decimal(10_000)).at(2**63)
    assert wild.bid == MID * (1 - MOST_HALF_SPREAD_BPS / 10_000)


def test_lives_that_a_stranger_chooses_are_not_kept_for_ever() -> None:
    prices = priced()
    first = prices.at(60_000)
    for life_ms in range(1_000):
        prices.at(life_ms)
    assert len(prices._made) <= PricesByLife.MOST
    assert prices.at(60_000) == first


ON_THE_PATH = (
    "cockpit/accounting/option_value.py",
    "cockpit/desk/market/partner_costs.py",
    "cockpit/desk/market/pricing.py",
    "cockpit/desk/market/pricing_in_force.py",
    "cockpit/desk/market/volatility.py",
    "cockpit/desk/quote_book/options/*.py",
    "cockpit/desk/quote_book/reservations.py",
    "cockpit/desk/quote_book/strikes.py",
    "cockpit/desk/quoting/[!p]*.py",
    "cockpit/desk/risk/committed_flow.py",
    "cockpit/desk/risk/limits.py",
    "venue/protocol/amounts.py",
    "venue/protocol/assets.py",
    "venue/protocol/tokens.py",
)
"""What a request goes through on its way to a price and an amount, and what is summed of them. A preview of other
parameters is not on it, nor is the signer, which takes the amounts as they are."""


@pytest.mark.parametrize("pattern", ON_THE_PATH)
def test_prices_and_premiums_are_made_without_a_float(pattern: str) -> None:
    found = sorted(Path(cockpit.__file__).parents[1].glob(pattern))
    assert found
    for path in found:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            where = f"{path}:{getattr(node, 'lineno', 0)}"
            assert not isinstance(node, ast.Div), path
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), where
            assert not (isinstance(node, ast.Name) and node.id == "float"), where
            assert not (isinstance(node, ast.Attribute) and node.attr in ("random", "sqrt", "total_seconds")), where


def test_no_field_of_a_decision_or_of_what_it_is_made_of_can_hold_a_float() -> None:
    for kind in (DeskView, Decision, Prices, LifePrices, Bounds, Amounts, PriceParams, Limits, CheckInputs, Commitment):
        for field in msgspec.structs.fields(kind):
            assert "float" not in str(field.type), f"{kind.__name__}.{field.name}"
