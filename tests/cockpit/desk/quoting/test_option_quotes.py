"""Quotes that price the option in them: their lives, refusals and records."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.accounting.option_sums import OptionSums
from cockpit.accounting.option_value import option_value
from cockpit.desk.market.pricing import Amounts, deviation, earns
from cockpit.desk.quote_book.options.option_meter import OptionMeter
from cockpit.desk.quoting.desk_view import DeskView, read_view
from cockpit.desk.quoting.strategy import decision_event, desk_prices
from cockpit.model.commands import NO_OPTION_LIMIT, Limits, PriceParams
from cockpit.model.events import ExecuteTrade, Side, SwapDemand, TradeDecision
from tests.cockpit.desk.quoting.test_strategy import decided, failed, limits, requests, views
from tests.support.desk.builders import MID, NOW, request, view
from tests.support.desk.quoting_harness import ask, quoting
from tests.support.desk.views import PRICING, SIGMAS, VIEWS
from tests.support.waiting import until
from venue.protocol.tokens import DEFAULT_TOKENS
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


EUR = 10**18
TWO = {"limits": Limits(min_edge_bps=Decimal(3), max_asset_share=Decimal(1), max_option_eure=Decimal(2))}


@pytest.mark.parametrize(
    ("value", "base_share", "passes"),
    [
        (EUR, "0.9", True),
        (17 * EUR // 10, "0.9", False),
        (17 * EUR // 10, "0.1", True),
        (2 * EUR, "0.1", False),
        (None, "0.1", False),
    ],
)
def test_dear_options_leave_only_quotes_that_reduce_and_at_the_limit_none(
    value: int | None, base_share: str, passes: bool
) -> None:
    """The desk would buy BTC: with a tenth of its value in BTC that reduces, with nine tenths it does not."""
    worth = 100_000
    held = int(Decimal(base_share) * worth / MID * 10**8), int((1 - Decimal(base_share)) * worth) * EUR
    seen = optioned(**TWO, option_value=value, base_balance=held[0], quote_balance=held[1])
    assert failed(decided(request(), seen)) == ([] if passes else ["option"])


def test_without_a_limit_what_options_are_worth_is_not_asked_for() -> None:
    decision = decided(request(), view(option_value=None))
    assert decision.execute
    assert "option" not in {check.name for check in decision.checks}


def test_with_a_limit_fixed_prices_are_the_same_and_their_options_count() -> None:
    plain, counted = decided(request(), view()), decided(request(), view(**TWO, option_value=0))
    assert counted.execute
    assert (counted.price, counted.amounts) == (plain.price, plain.amounts)
    assert plain.written == counted.written > 0


@given(requests, VIEWS)
def test_no_quote_takes_the_options_above_their_limit_nor_above_four_fifths_unless_it_reduces(
    asked: SwapDemand, seen: DeskView
) -> None:
    decision = decided(asked, seen)
    limit = seen.limits.max_option_eure
    if not decision.execute or limit >= NO_OPTION_LIMIT:
        return
    assert seen.option_value is not None
    after = seen.option_value + decision.written
    assert after <= limit * EUR
    if 5 * after > 4 * limit * EUR:
        assert "trading" not in failed(decided(asked, msgspec.structs.replace(seen, trading="REDUCING")))


async def test_a_partner_whose_fills_cost_more_gets_a_wider_price_and_the_record_says_so() -> None:
    async with quoting() as (desk, server):
        desk.pricing.replace(PriceParams(partner_weight=Decimal("0.5")))
        for partner, lost in (("mild", 0), ("toxic", 3_000)):
            for _ in range(400):
                desk.partner_costs.learn(partner, lost, 100 * EUR)
        added = desk.partner_costs.add_on("toxic")
        assert added > 5
        for partner in ("mild", "toxic"):
            await ask(server, partner, metadata={"partner_id": partner})
        await until(lambda: desk.intake.counters["decisions"] == 2)
        mild, toxic = (event for event in desk.events if isinstance(event, TradeDecision))
    assert mild.price == MID * (1 - Decimal(20) / 10_000)
    assert toxic.price == MID * (1 - (20 + added) / 10_000)
    assert f'"add_on_bps":"{added}"' in toxic.view
    assert "add_on_bps" not in mild.view


async def test_what_was_written_is_on_record_and_counted_for_the_day_and_side() -> None:
    async with quoting() as (desk, server):
        await ask(server, "q-1")
        await ask(server, "q-2")
        await until(lambda: desk.intake.counters["decisions"] == 2)
        written = [event.written for event in desk.events if isinstance(event, ExecuteTrade)]
    assert len(written) == 2
    assert all(one is not None and one > 0 for one in written)
    assert (desk.option_day.buy.quotes, desk.option_day.buy.written) == (2, sum(filter(None, written)))
    assert desk.option_day.sell == OptionSums()


async def test_quotes_signed_since_the_last_measurement_count_toward_the_limit() -> None:
    async with quoting() as (desk, server):
        desk.limits.replace(
            Limits(max_asset_share=Decimal(1), max_option_eure=Decimal("0.003"), max_quotes_per_second=1_000)
        )
        list(desk.option_meter.tick(NOW, MID, Decimal(12)))
        assert desk.option_meter.value == 0
        for number in range(60):
            await ask(server, f"q-{number}")
        await until(lambda: desk.intake.counters["decisions"] == 60)
        assert set(desk.intake.reasons) == {"quote", "option"}
        counted = desk.option_meter.value
        assert counted is not None
        assert 0 < counted <= 3 * EUR // 1_000
        measured = OptionMeter(DEFAULT_TOKENS, desk.book.reservations, desk.recorder)
        list(measured.tick(NOW, MID, Decimal(12)))
        assert measured.value is not None
        assert 0 <= counted - measured.value <= counted // 10, "premiums are rounded up"


@given(requests, views)
def test_a_decision_from_before_sigma_was_known_is_made_again_to_the_letter(asked: SwapDemand, seen: DeskView) -> None:
    older = msgspec.structs.replace(seen, sigma_bps=None, add_on_bps=Decimal(0), params=PriceParams())
    assert older.option_value is None
    event = decision_event("d-1", asked, decided(asked, older), older)
    assert "sigma_bps" not in event.view
    assert "add_on_bps" not in event.view
    assert "option" not in event.view
    assert not {"premium", "option"} & {check.name for check in event.checks}
    again = read_view(event.view, older.market, older.limits, older.params)
    assert decision_event("d-1", asked, decided(asked, again), again) == event


@given(requests, views, SIGMAS)
def test_sigma_changes_no_decision_where_prices_are_fixed(
    asked: SwapDemand, seen: DeskView, sigma: Decimal | None
) -> None:
    fixed = msgspec.structs.replace(seen, params=PriceParams())
    one, other = (decided(asked, msgspec.structs.replace(fixed, sigma_bps=bps)) for bps in (None, sigma))
    assert one == msgspec.structs.replace(other, written=one.written), "only what the option is worth depends on it"


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


AMOUNTS = st.integers(1, 10**24)


@settings(max_examples=60)
@given(VIEWS, st.sampled_from(["buy", "sell"]), AMOUNTS, st.integers(0, 3_600_000))
def test_exact_in_and_exact_out_of_one_trade_agree_to_a_unit_in_the_desks_favour(
    seen: DeskView, side: Side, amount: int, life_ms: int
) -> None:
    def amounts(*, amount_in: int | None = None, amount_out: int | None = None) -> Amounts | None:
        asked = request(side, amount_in=amount_in, amount_out=amount_out, min_deadline_ms=life_ms)
        return decided(asked, seen).amounts

    seen = msgspec.structs.replace(seen, exact_out_deadline_ms=None)
    given_in = amounts(amount_in=amount)
    if given_in is not None:
        back = amounts(amount_out=given_in.amount_out)
        assert back is not None
        assert back.amount_in <= amount, "the same amount out never costs the taker more than what was asked for it"
        one_more = amounts(amount_out=given_in.amount_out + 1)
        assert one_more is not None
        assert one_more.amount_in > amount, "and a unit more of it does"
    given_out = amounts(amount_out=amount)
    if given_out is not None:
        back = amounts(amount_in=given_out.amount_in)
        assert back is not None
        assert back.amount_out >= amount
        if given_out.amount_in > 1:
            one_less = amounts(amount_in=given_out.amount_in - 1)
            assert one_less is None or one_less.amount_out < amount, "a unit less would not have paid for it"


@settings(max_examples=60)
@given(VIEWS, st.integers(0, 10**13), st.integers(0, 10**13), st.integers(0, 3_600_000))
def test_more_btc_never_raises_bid_or_ask_of_any_life(seen: DeskView, one: int, two: int, life_ms: int) -> None:
    made = [
        desk_prices(msgspec.structs.replace(seen, base_balance=held, quote_balance=10**25))
        for held in sorted((one, two))
    ]
    if made[0] is None or made[1] is None:
        assert seen.mid is None
        return
    less, more = (prices.by_life.at(life_ms, seen.add_on_bps) for prices in made if prices is not None)
    assert more.bid <= less.bid
    assert more.ask <= less.ask
