from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cockpit.desk.market.pricing import Amounts, LifePrices, PricesByLife, earns, edge_bps, price_amounts, skew_bps
from cockpit.model.commands import PriceParams
from cockpit.model.events import Side
from venue.protocol.assets import MAX_AMOUNT, PairAmounts, base_share
from venue.protocol.tokens import BTC, BTC_EURE, EURE

PAIR = BTC_EURE


def make_prices(mid: Decimal, skew: Decimal, params: PriceParams, least: Decimal) -> LifePrices:
    return PricesByLife(mid, skew, params, min_edge_bps=least, sigma_bps=Decimal(12)).at(60_000)


SCALE = Fraction(10**EURE.decimals, 10**BTC.decimals)
"""Base units of EURe per base unit of BTC at a price of 1."""

mids = st.decimals(Decimal("0.01"), Decimal(10_000_000), places=8)
bps = st.decimals(0, 5_000, places=2)
skews = st.decimals(-2_000, 2_000, places=3)
shares = st.decimals(0, 1, places=6)
targets = st.decimals(0, 1, places=3)
sides: st.SearchStrategy[Side] = st.sampled_from(["buy", "sell"])
u128 = st.integers(1, MAX_AMOUNT) | st.integers(1, 10**12) | st.integers(10**15, 10**22)
params = st.builds(
    lambda half, skew, target: PriceParams(half_spread_bps=half, max_skew_bps=skew, target_btc_share=target),
    bps,
    st.decimals(0, 2_000, places=2),
    targets,
)


def value_at_mid(side: Side, amounts: Amounts, mid: Decimal) -> Fraction:
    """Return the exact value of the quote's BTC in base units of EURe."""
    base = amounts.amount_in if side == "buy" else amounts.amount_out
    return base * Fraction(mid) * SCALE


def gain(side: Side, amounts: Amounts, mid: Decimal) -> Fraction:
    """Return the desk's exact gain at the mid, in base units of EURe."""
    value = value_at_mid(side, amounts, mid)
    return value - amounts.amount_out if side == "buy" else amounts.amount_in - value


@given(mids, params, shares | st.none(), bps, sides, st.booleans(), u128)
def test_no_quote_ever_earns_less_than_the_edge(
    mid: Decimal,
    how: PriceParams,
    share: Decimal | None,
    min_edge: Decimal,
    side: Side,
    exact_in: bool,
    amount: int,
) -> None:
    prices = make_prices(mid, skew_bps(share, how), how, min_edge)
    price = prices.bid if side == "buy" else prices.ask
    amounts = price_amounts(PAIR, side, amount if exact_in else None, None if exact_in else amount, price, mid)
    assume(amounts is not None)
    assert amounts is not None
    assert gain(side, amounts, mid) >= value_at_mid(side, amounts, mid) * Fraction(min_edge) / 10_000
    assert earns(PAIR, side, amounts, mid, min_edge)
    assert amounts.edge <= gain(side, amounts, mid) < amounts.edge + 1, "the edge is the gain, floored"


@given(mids, sides, u128)
def test_exact_in_gives_the_floor_of_the_price(price: Decimal, side: Side, amount: int) -> None:
    rate = Fraction(price) * SCALE if side == "buy" else 1 / (Fraction(price) * SCALE)
    amounts = price_amounts(PAIR, side, amount, None, price, price)
    given_exactly = amount * rate
    if given_exactly < 1:
        assert amounts is None
    else:
        assert amounts is not None
        assert amounts.amount_in == amount, "what was asked for exactly is quoted exactly"
        assert amounts.amount_out <= given_exactly < amounts.amount_out + 1


@given(mids, sides, u128)
def test_exact_out_asks_the_ceiling_of_the_price(price: Decimal, side: Side, amount: int) -> None:
    rate = 1 / (Fraction(price) * SCALE) if side == "buy" else Fraction(price) * SCALE
    amounts = price_amounts(PAIR, side, None, amount, price, price)
    assert amounts is not None
    assert amounts.amount_out == amount, "what was asked for exactly is quoted exactly"
    assert amounts.amount_in - 1 < amount * rate <= amounts.amount_in


@given(mids, sides, st.booleans(), u128)
def test_the_notional_is_the_eure_side(price: Decimal, side: Side, exact_in: bool, amount: int) -> None:
    amounts = price_amounts(PAIR, side, amount if exact_in else None, None if exact_in else amount, price, price)
    assume(amounts is not None)
    assert amounts is not None
    assert amounts.notional == (amounts.amount_out if side == "buy" else amounts.amount_in)
    assert amounts.amount_in > 0
    assert amounts.amount_out > 0


@given(mids, sides, u128, u128)
def test_a_larger_request_never_gets_a_worse_deal_for_the_desk(price: Decimal, side: Side, one: int, two: int) -> None:
    """Splitting a request gains the taker nothing: rounding is against each part."""
    whole = price_amounts(PAIR, side, one + two, None, price, price)
    parts = [price_amounts(PAIR, side, part, None, price, price) for part in (one, two)]
    given_in_parts = sum(part.amount_out for part in parts if part is not None)
    assert given_in_parts <= (whole.amount_out if whole is not None else 0)


@given(mids, params, shares | st.none(), bps)
def test_bid_and_ask_never_cross_nor_come_closer_to_the_mid_than_the_edge(
    mid: Decimal, how: PriceParams, share: Decimal | None, min_edge: Decimal
) -> None:
    prices = make_prices(mid, skew_bps(share, how), how, min_edge)
    exact_mid, edge = Fraction(mid), Fraction(min_edge) / 10_000
    assert prices.bid <= prices.ask
    assert Fraction(prices.bid) <= exact_mid * (1 - edge)
    assert Fraction(prices.ask) >= exact_mid * (1 + edge)
    for price in (prices.bid, prices.ask):
        assert price == price.quantize(Decimal("1e-8"))


@given(mids, params, shares, shares, bps)
def test_the_more_btc_the_lower_both_prices(
    mid: Decimal, how: PriceParams, one: Decimal, two: Decimal, min_edge: Decimal
) -> None:
    less, more = sorted((one, two))
    with_less = make_prices(mid, skew_bps(less, how), how, min_edge)
    with_more = make_prices(mid, skew_bps(more, how), how, min_edge)
    assert with_more.bid <= with_less.bid
    assert with_more.ask <= with_less.ask
    assert skew_bps(more, how) <= skew_bps(less, how)


@given(params, shares)
def test_the_skew_leans_toward_the_target_and_stays_in_bounds(how: PriceParams, share: Decimal) -> None:
    skew = skew_bps(share, how)
    assert -how.max_skew_bps <= skew <= how.max_skew_bps
    if share == how.target_btc_share:
        assert skew == 0
    elif share < how.target_btc_share:
        assert skew >= 0
    else:
        assert skew <= 0


@given(params)
def test_the_whole_skew_is_reached_when_all_is_in_one_asset(how: PriceParams) -> None:
    assert skew_bps(Decimal(0), how) == (how.max_skew_bps if how.target_btc_share > 0 else 0)
    assert skew_bps(Decimal(1), how) == (-how.max_skew_bps if how.target_btc_share < 1 else 0)


def test_an_unknown_inventory_makes_no_skew() -> None:
    assert skew_bps(None, PriceParams()) == 0


@given(st.integers(0, MAX_AMOUNT), st.integers(0, MAX_AMOUNT), mids)
def test_the_share_of_btc_is_a_share(base: int, quote: int, mid: Decimal) -> None:
    share = base_share(PAIR.base, PAIR.quote, PairAmounts(base, quote), mid)
    if base == quote == 0:
        assert share is None
        return
    assert share is not None
    assert 0 <= share <= 1
    value = base * Fraction(mid) * SCALE
    assert abs(Fraction(share) - value / (value + quote)) < Fraction(1, 10**30)


@given(mids, sides, u128, u128, bps)
def test_earns_agrees_with_exact_arithmetic_for_any_amounts(
    mid: Decimal, side: Side, amount_in: int, amount_out: int, min_edge: Decimal
) -> None:
    amounts = Amounts(amount_in, amount_out, amount_out if side == "buy" else amount_in, 0)
    expected = value_at_mid(side, amounts, mid) * Fraction(min_edge) / 10_000
    assert earns(PAIR, side, amounts, mid, min_edge) is (gain(side, amounts, mid) >= expected)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_a_quote_exactly_on_the_edge_earns_it_and_one_unit_less_does_not(side: Side) -> None:
    mid, min_edge = Decimal(50_000), Decimal(10)
    value = 50_000 * 10**18
    if side == "buy":
        on_edge, below = value - value // 1000, value - value // 1000 + 1
        quotes = [Amounts(10**8, out, out, 0) for out in (on_edge, below)]
    else:
        on_edge, below = value + value // 1000, value + value // 1000 - 1
        quotes = [Amounts(taken, 10**8, taken, 0) for taken in (on_edge, below)]
    assert [earns(PAIR, side, quote, mid, min_edge) for quote in quotes] == [True, False]


@given(mids, params, sides, st.integers(10**3, 10**12), bps)
def test_the_edge_in_bps_is_never_shown_better_than_it_is(
    mid: Decimal, how: PriceParams, side: Side, base: int, min_edge: Decimal
) -> None:
    prices = make_prices(mid, Decimal(0), how, min_edge)
    price = prices.bid if side == "buy" else prices.ask
    amounts = price_amounts(PAIR, side, base if side == "buy" else None, None if side == "buy" else base, price, mid)
    assume(amounts is not None)
    assert amounts is not None
    shown = edge_bps(side, amounts)
    assert shown is not None
    value = amounts.notional + amounts.edge if side == "buy" else amounts.notional - amounts.edge
    assert Fraction(shown) <= Fraction(amounts.edge * 10_000, value) < Fraction(shown) + Fraction(1, 100)


def test_a_value_of_zero_has_no_edge_in_bps() -> None:
    assert edge_bps("buy", Amounts(1, 5, 5, -5)) is None


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("amounts", [(10**8, None), (None, 10**8)])
def test_a_price_that_rounds_to_nothing_prices_nothing(side: Side, amounts: tuple[int | None, int | None]) -> None:
    assert price_amounts(PAIR, side, *amounts, Decimal(0), Decimal("0.00000001")) is None
