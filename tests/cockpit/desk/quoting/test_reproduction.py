"""A decision is made again, to the letter, from what history keeps of it."""

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.desk.quoting.desk_view import DeskView, read_view, record_view
from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.events import DecisionRules, MarketSettlements, TradeDecision
from tests.support.desk.builders import NOW, request, view
from tests.support.desk.quoting_harness import ask, quoting
from tests.support.desk.views import VIEWS
from tests.support.waiting import until
from venue.protocol.tokens import BTC_EURE
from venue.protocol.units import NS_PER_MS
from venue.relay.messages import QuoteStatus


@given(VIEWS)
def test_a_view_comes_back_from_its_record(seen: DeskView) -> None:
    assert read_view(record_view(seen), BTC_EURE, seen.limits, seen.params) == seen


@given(VIEWS, st.integers(1, 10**12), st.sampled_from(["buy", "sell"]))
def test_a_decision_is_made_again_from_its_record(seen: DeskView, amount: int, side: str) -> None:
    asked = request("buy" if side == "buy" else "sell", amount_in=amount)
    recorded = decision_event("d", asked, decide(asked, seen, desk_prices(seen)), seen, rules_id="r")
    again = read_view(recorded.view, BTC_EURE, seen.limits, seen.params)
    assert decision_event("d", asked, decide(asked, again, desk_prices(again)), again, rules_id="r") == recorded


@settings(max_examples=50)
@given(VIEWS, st.integers(1, 10**12), st.sampled_from(["buy", "sell"]), st.booleans(), st.integers(0, 3_600_000))
def test_a_decision_is_the_same_twice_and_from_the_view_that_was_recorded(
    seen: DeskView, amount: int, side: str, exact_in: bool, life_ms: int
) -> None:
    asked = request(
        "buy" if side == "buy" else "sell",
        amount_in=amount if exact_in else None,
        amount_out=None if exact_in else amount,
        min_deadline_ms=life_ms,
    )
    made = decide(asked, seen, desk_prices(seen))
    again = read_view(record_view(seen), BTC_EURE, seen.limits, seen.params)
    assert made == decide(asked, seen, desk_prices(seen)) == decide(asked, again, desk_prices(again))


async def test_the_rules_are_recorded_when_they_change_and_named_by_every_decision() -> None:
    async with quoting() as (desk, server):
        await ask(server, "one")
        await ask(server, "two")
        await until(lambda: desk.intake.counters["decisions"] == 2)
        _change(desk.limits)
        await ask(server, "three")
        await until(lambda: desk.intake.counters["decisions"] == 3)
        rules = [event for event in desk.events if isinstance(event, DecisionRules)]
        made = [event for event in desk.events if isinstance(event, TradeDecision)]
    assert [event.rules_id for event in made] == [rules[0].rules_id, rules[0].rules_id, rules[1].rules_id]
    limits = [msgspec.json.decode(event.limits, type=Limits) for event in rules]
    assert limits == [view().limits, Limits(max_notional_eure=Decimal(4))]
    assert [msgspec.json.decode(event.params, type=PriceParams) for event in rules] == [PriceParams()] * 2


async def test_a_change_of_the_pricing_holds_from_the_next_decision_on_and_is_recorded_as_rules() -> None:
    async with quoting() as (desk, server):
        await ask(server, "one")
        await until(lambda: desk.intake.counters["decisions"] == 1)
        desk.pricing.replace(PriceParams(half_spread_bps=Decimal(6), vol_factor=Decimal("0.30")))
        await ask(server, "two")
        await until(lambda: desk.intake.counters["decisions"] == 2)
        rules = [event for event in desk.events if isinstance(event, DecisionRules)]
        first, second = (event for event in desk.events if isinstance(event, TradeDecision))
    assert [first.rules_id, second.rules_id] == [one.rules_id for one in rules]
    assert msgspec.json.decode(rules[1].params, type=PriceParams) == desk.pricing.current
    assert first.price is not None
    assert second.price is not None
    assert second.price > first.price


def _change(limits: LimitsInForce) -> None:
    limits.replace(Limits(max_notional_eure=Decimal(4)))


async def test_settlements_of_others_are_recorded_as_a_count_every_five_seconds() -> None:
    async with quoting() as (desk, _):
        note, start = desk.intake.note_flow, NOW
        note(start)
        for number in range(3):
            desk.on_status(QuoteStatus(f"theirs-{number}", "intent", "tx"))
        note(start + 4_999 * NS_PER_MS)
        note(start + 5_000 * NS_PER_MS)
        note(start + 10_000 * NS_PER_MS)
        desk.on_status(QuoteStatus("theirs-3", "intent", "tx"))
        note(start + 10_500 * NS_PER_MS, last=True)
        flow = [event for event in desk.events if isinstance(event, MarketSettlements)]
    assert flow == [
        MarketSettlements(at_ns=start + 5_000 * NS_PER_MS, since_ns=start, others=3),
        MarketSettlements(at_ns=start + 10_500 * NS_PER_MS, since_ns=start + 10_000 * NS_PER_MS, others=1),
    ]
