"""The add-on of a partner: its excess over the others, shrunk, bounded, and nothing where there are no others."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.market.partner_costs import MAX_PARTNERS, MOST_HUNDREDTHS, PartnerCosts
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.quote_book.fill_costs import HORIZON_S, learn_from
from cockpit.desk.quote_book.quote import Quote, State
from cockpit.model.commands import PriceParams
from tests.support.desk.builders import commitment
from venue.protocol.tokens import DEFAULT_TOKENS

EUR = 10**18
HUNDRED = 100 * EUR
ON = PriceParams(partner_weight=Decimal("0.5"))


def learning(params: PriceParams = ON) -> tuple[PartnerCosts, PricingInForce]:
    pricing = PricingInForce(params)
    return PartnerCosts(pricing, quote_decimals=18), pricing


def taught(costs: PartnerCosts, partner: str, lost_bps: int, fills: int = 400) -> PartnerCosts:
    for _ in range(fills):
        costs.learn(partner, lost_bps * 100, HUNDRED)
    return costs


def test_off_by_default_nothing_is_added() -> None:
    costs, _ = learning(PriceParams())
    taught(taught(costs, "mild", 0), "toxic", 30)
    assert costs.add_on("toxic") == 0


def test_a_partner_pays_half_of_its_excess_over_the_others_and_they_pay_nothing() -> None:
    costs, _ = learning()
    taught(taught(taught(costs, "mild", 2), "fair", 2), "toxic", 22)
    # 400 fills, decayed to about 275, against 100: nearly three quarters of 20 bps are believed, half of it is charged.
    assert Decimal(6) < costs.add_on("toxic") < Decimal(9)
    assert costs.add_on("mild") == costs.add_on("fair") == costs.add_on("unseen") == 0


def test_where_all_are_as_costly_nobody_pays() -> None:
    costs, _ = learning()
    for name in ("a", "b", "c"):
        taught(costs, name, 25)
    assert [costs.add_on(name) for name in ("a", "b", "c")] == [0, 0, 0]


def test_a_partner_who_is_alone_pays_nothing_however_costly() -> None:
    costs, _ = learning()
    taught(costs, "everybody", 50)
    taught(costs, "hardly anybody", 0, fills=50)
    assert costs.add_on("everybody") == 0


def test_few_fills_charge_little() -> None:
    costs, _ = learning()
    taught(taught(costs, "mild", 0), "toxic", 40, fills=5)
    assert 0 < costs.add_on("toxic") < Decimal("1.5")


def test_the_largest_add_on_and_the_parameters_hold_from_their_change_on() -> None:
    costs, pricing = learning(PriceParams(partner_weight=Decimal(1)))
    taught(taught(costs, "mild", -60), "toxic", 60)
    assert costs.add_on("toxic") == 15
    pricing.replace(PriceParams(partner_weight=Decimal(1), partner_max_bps=Decimal(4)))
    assert costs.add_on("toxic") == 4
    pricing.replace(PriceParams())
    assert costs.add_on("toxic") == 0


def test_one_fill_counts_no_more_than_two_hundred_euros_and_sixty_bps() -> None:
    huge, large = learning()[0], learning()[0]
    for costs, lost, notional in ((huge, 10**9, 10**30), (large, MOST_HUNDREDTHS, 2 * HUNDRED)):
        taught(costs, "mild", 0)
        costs.learn("toxic", lost, notional)
    assert huge.add_on("toxic") == large.add_on("toxic") > 0


def test_names_that_strangers_make_up_are_bounded() -> None:
    costs, _ = learning()
    taught(taught(costs, "mild", 0), "toxic", 30)
    for number in range(2 * MAX_PARTNERS):
        costs.learn(f"name-{number}", 0, HUNDRED)
    assert len(costs._costs) == MAX_PARTNERS
    assert costs.add_on("toxic") == 0, "forgotten"
    assert costs._weight == sum(cost.weight for cost in costs._costs.values())
    assert costs._lost == sum(cost.lost for cost in costs._costs.values())


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-20_000, 20_000), st.integers(0, 10**21)), max_size=200),
    st.decimals(0, 1, places=2),
)
def test_an_add_on_is_between_nothing_and_the_largest_and_the_sums_are_those_of_the_partners(
    fills: list[tuple[str, int, int]], weight: Decimal
) -> None:
    costs, _ = learning(PriceParams(partner_weight=weight, partner_shrink=1))
    for partner, lost, notional in fills:
        costs.learn(partner, lost, notional)
    for partner in "abcde":
        added = costs.add_on(partner)
        assert 0 <= added <= 15
        assert added == added.quantize(Decimal("0.01"))
    assert costs._weight == sum(cost.weight for cost in costs._costs.values())
    assert costs._lost == sum(cost.lost for cost in costs._costs.values())


class Learnt:
    """Partner costs that only note what they are told."""

    def __init__(self) -> None:
        self.fills: list[tuple[str, int, int]] = []

    def learn(self, partner: str, lost_hundredths: int, notional: int) -> None:
        self.fills.append((partner, lost_hundredths, notional))


def settled(state: State = "settled", partner: str | None = "desk-x") -> Quote:
    """Bought 0.001 BTC for 49.95 EURe at a mid of 50000: 10 bps."""
    made = commitment("f", amount_in=100_000, amount_out=4_995 * EUR // 100, edge=5 * EUR // 100, partner=partner)
    return Quote(made, 1, state)


@pytest.mark.parametrize(
    ("quote", "horizon_s", "learnt"),
    [
        (settled(), HORIZON_S, [("desk-x", 1_000 + 2_000, 4_995 * EUR // 100)]),
        (settled(), 10, []),
        (settled("settling"), HORIZON_S, []),
        (settled(partner=None), HORIZON_S, []),
    ],
)
def test_a_confirmed_fill_of_this_run_is_learnt_from_a_minute_after_it(
    quote: Quote, horizon_s: int, learnt: list[tuple[str, int, int]]
) -> None:
    costs = Learnt()
    learn_from(costs, DEFAULT_TOKENS, quote, horizon_s, Decimal(-20))
    assert costs.fills == learnt
