import copy
import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.config.settings import load
from cockpit.desk.quoting.desk_view import RECORDED_SLACK_MS as DEADLINE_SLACK_MS
from cockpit.desk.quoting.desk_view import DeskView, read_view, record_view
from cockpit.desk.quoting.risk_checks import DRY_NOT_QUOTED, DRY_QUOTED, EXECUTOR_CHECKS
from cockpit.desk.quoting.strategy import Decision, decide, decision_event, desk_prices
from cockpit.model.commands import Limits
from cockpit.model.events import Check, Side, SwapDemand
from tests.support.desk.builders import NOW, request, view
from tests.support.settings import environ
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.units import NS_PER_MS, NS_PER_S

NAMES = (
    "strategy_armed",
    "trading",
    "reference",
    "reference_age",
    "inventory",
    "inventory_age",
    "deadline",
    "amount",
    "notional",
    "edge",
    "covered",
    "promised",
    "signed",
    "share",
    "rate",
    "fills",
    "loss",
    "executor_armed",
    "salt",
    "relay",
    "history",
)


def decided(asked: SwapDemand, seen: DeskView) -> Decision:
    return decide(asked, seen, desk_prices(seen))


def failed(decision: Decision) -> list[str]:
    return [check.name for check in decision.checks if not check.passed]


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("exact", ["in", "out"])
def test_a_request_that_passes_every_check_is_quoted(side: Side, exact: str) -> None:
    small = {("buy", "in"): 8_000, ("buy", "out"): 4 * 10**18, ("sell", "in"): 4 * 10**18, ("sell", "out"): 8_000}
    amount = small[side, exact]
    asked = request(side, amount_in=amount) if exact == "in" else request(side, amount_out=amount)
    decision = decided(asked, view())
    assert (decision.reason, decision.actionable, decision.execute) == ("quote", True, True)
    assert decision.side == side
    assert decision.amounts is not None
    assert (decision.amounts.amount_in if exact == "in" else decision.amounts.amount_out) == amount
    assert tuple(check.name for check in decision.checks) == NAMES


def limits(**changes: object) -> Limits:
    return msgspec.structs.replace(Limits(max_asset_share=Decimal(1)), **changes)


ALONE: list[tuple[str, Mapping[str, object], SwapDemand]] = [
    ("strategy_armed", {"strategy_armed": False}, request()),
    ("reference", {"mid_usable": False, "mid_problem": "kraken is 90 bps from the median"}, request()),
    ("reference_age", {"mid_at_ns": NOW - 5_001 * NS_PER_MS}, request()),
    ("inventory_age", {"inventory_at_ns": NOW - 20_001 * NS_PER_MS}, request()),
    ("deadline", {"limits": limits(max_deadline_ms=60_999)}, request(min_deadline_ms=60_000)),
    ("notional", {}, request("sell", amount_in=5 * 10**18 + 1)),
    ("covered", {"quote_balance": 10**18}, request(amount_out=4 * 10**18)),
    ("trading", {"trading": "HALTED"}, request()),
    ("min_notional", {"limits": limits(min_notional_eure=Decimal("4.1"))}, request(amount_out=4 * 10**18)),
    ("min_notional", {"limits": limits(min_notional_eure=Decimal("4.1"))}, request("sell", amount_in=4 * 10**18)),
    ("promised", {"quote_promised": 996 * 10**18 + 1}, request(amount_out=4 * 10**18)),
    ("promised", {"base_promised": 1_992_000 + 1}, request(amount_out=4 * 10**18)),
    ("signed", {"quote_signed": 9_996 * 10**18 + 1}, request(amount_out=4 * 10**18)),
    ("signed", {"base_signed": 19_992_000 + 1}, request(amount_out=4 * 10**18)),
    ("signed", {"limits": limits(max_signed_eure=Decimal(3))}, request(amount_out=4 * 10**18)),
    ("share", {"limits": limits(max_asset_share=Decimal("0.5")), "quote_balance": 49_000 * 10**18}, request()),
    ("share", {"limits": limits(max_asset_share=Decimal("0.5")), "quote_balance": 51_000 * 10**18}, request("sell")),
    ("rate", {"quotes_in_second": 50}, request()),
    ("fills", {"fills_in_hour": 60}, request()),
    ("loss", {"loss": 5 * 10**18 + 1}, request()),
    ("executor_armed", {"executor_armed": False}, request()),
    ("salt", {"salt_known": False}, request()),
    ("relay", {"relay_writable": False}, request()),
    ("history", {"history_writable": False}, request()),
]


@pytest.mark.parametrize(
    ("name", "changes", "asked"), ALONE, ids=[f"{name}-{index}" for index, (name, _, _) in enumerate(ALONE)]
)
def test_each_check_can_fail_alone_and_names_the_decision(
    name: str, changes: Mapping[str, object], asked: SwapDemand
) -> None:
    decision = decided(asked, view(**changes))
    assert failed(decision) == [name]
    assert decision.reason == name
    assert not decision.execute
    assert decision.actionable is (name in EXECUTOR_CHECKS)


def test_the_edge_alone_refuses_prices_that_earn_too_little() -> None:
    """The prices handed in may be older than the limits: the edge is looked at again."""
    wide = view(limits=limits(min_edge_bps=Decimal(300)))
    decision = decide(request(), wide, desk_prices(view()))
    assert failed(decision) == ["edge"]


def test_an_amount_too_small_to_give_anything_for_is_no_quote() -> None:
    decision = decided(request("sell", amount_in=1), view())
    assert decision.reason == "amount"
    assert decision.amounts is None
    assert not decision.actionable


def test_an_unknown_mid_blocks_and_leaves_no_price() -> None:
    decision = decided(request(), view(mid=None, mid_usable=False, mid_problem="no source has given a price yet"))
    assert decision.reason == "reference"
    assert {"reference", "reference_age", "amount", "notional", "edge", "covered"} <= set(failed(decision))
    assert (decision.price, decision.amounts, decision.skew_bps) == (None, None, None)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_an_unknown_balance_blocks_on_the_side_that_gives_it(side: Side) -> None:
    decision = decided(request(side), view(base_balance=None, quote_balance=None))
    assert decision.reason == "inventory"
    assert {"inventory", "inventory_age", "covered"} <= set(failed(decision))
    assert not decision.execute


@pytest.mark.parametrize("field", ["mid_at_ns", "inventory_at_ns"])
def test_a_time_in_the_future_is_not_fresh(field: str) -> None:
    decision = decided(request(), view(**{field: NOW + 2 * NS_PER_MS}))
    assert decision.reason == field.replace("mid_at_ns", "reference_age").replace("inventory_at_ns", "inventory_age")


@pytest.mark.parametrize(
    ("field", "most_ms"), [("mid_at_ns", 5_000), ("inventory_at_ns", 20_000)], ids=["reference", "inventory"]
)
def test_an_age_at_its_limit_still_passes(field: str, most_ms: int) -> None:
    assert decided(request(), view(**{field: NOW - most_ms * NS_PER_MS})).reason == "quote"


def test_a_committed_amount_is_not_committed_again() -> None:
    asked = request(amount_out=3 * 10**18)
    fits = view(quote_balance=10 * 10**18, quote_reserved=7 * 10**18)
    short = view(quote_balance=10 * 10**18, quote_reserved=7 * 10**18 + 1)
    assert decided(asked, fits).reason == "quote"
    assert failed(decided(asked, short)) == ["covered"]


def test_commitments_of_the_other_asset_do_not_count() -> None:
    assert decided(request("buy"), view(base_balance=10, base_reserved=10)).reason == "quote"


def test_more_committed_than_the_balance_covers_nothing() -> None:
    decision = decided(request(amount_out=1), view(quote_balance=5, quote_reserved=6))
    assert "covered" in failed(decision)


@given(
    st.integers(1, 10**12),
    st.integers(1_000, 3_600_000),
    st.integers(1_000, 3_600_000),
)
def test_the_deadline_serves_the_request_and_stays_inside_the_limit(
    wanted_ms: int, default_ms: int, max_ms: int
) -> None:
    asked = request(min_deadline_ms=wanted_ms)
    decision = decided(asked, view(default_deadline_ms=default_ms, limits=limits(max_deadline_ms=max_ms)))
    life_ms = (decision.deadline_ns - asked.at_ns) // NS_PER_MS
    assert life_ms >= wanted_ms + DEADLINE_SLACK_MS, "the relay wants the deadline it asked for still ahead"
    if decision.execute:
        assert life_ms <= max_ms
    assert decision.execute is (wanted_ms + DEADLINE_SLACK_MS <= max_ms)


@given(
    st.integers(1, 10**7),
    st.integers(1_000, 60_000),
    st.integers(1_000, 3_600_000),
    st.none() | st.integers(1_000, 3_600_000),
    st.booleans(),
)
def test_a_quote_lives_as_asked_and_the_slack_more_or_is_refused(
    wanted_ms: int, slack_ms: int, max_ms: int, exact_out_ms: int | None, exact_out: bool
) -> None:
    asked = request(min_deadline_ms=wanted_ms, amount_out=4 * 10**18 if exact_out else None)
    seen = view(
        default_deadline_ms=1_000,
        deadline_slack_ms=slack_ms,
        exact_out_deadline_ms=exact_out_ms,
        limits=limits(max_deadline_ms=max_ms),
    )
    longest = min(max_ms, exact_out_ms) if exact_out and exact_out_ms is not None else max_ms
    decision = decided(asked, seen)
    assert decision.deadline_ns - asked.at_ns == (wanted_ms + slack_ms) * NS_PER_MS
    assert decision.execute is (wanted_ms + slack_ms <= longest)
    assert failed(decision) == ([] if decision.execute else ["deadline"])


def test_a_request_of_30_s_gets_35_s_by_the_default_settings() -> None:
    settings = load(None, environ())
    asked = request(min_deadline_ms=30_000)
    seen = view(
        default_deadline_ms=settings.quote_deadline_ms,
        deadline_slack_ms=settings.quote_deadline_slack_ms,
        exact_out_deadline_ms=settings.quote_exact_out_deadline_ms or None,
        limits=limits(max_deadline_ms=settings.quote_max_deadline_ms),
    )
    decision = decided(asked, seen)
    assert decision.deadline_ns - asked.at_ns == 35_000 * NS_PER_MS
    assert decided(request(min_deadline_ms=120_000), seen).execute
    assert failed(decided(request(min_deadline_ms=120_001), seen)) == ["deadline"]


def test_a_view_recorded_before_the_slack_was_a_setting_decides_as_it_did() -> None:
    seen = view(default_deadline_ms=60_000)
    recorded = record_view(seen)
    assert {"deadline_slack_ms", "exact_out_deadline_ms", "quote_dry"}.isdisjoint(json.loads(recorded))
    restored = read_view(recorded, seen.market, seen.limits, seen.params)
    assert (restored.deadline_slack_ms, restored.exact_out_deadline_ms) == (1_000, None)
    assert decided(request(min_deadline_ms=60_000), restored).deadline_ns == NOW + 61_000 * NS_PER_MS


@given(st.sampled_from(["buy", "sell"]), st.booleans(), st.booleans())
def test_a_dry_request_is_quoted_by_setting_only_and_says_so(side: Side, quoted: bool, armed: bool) -> None:
    asked, seen = request(side, dry=True), view(quote_dry=quoted, executor_armed=armed, strategy_armed=armed)
    decision = decided(asked, seen)
    event = decision_event("d-1", asked, decision, seen)
    assert decision.execute is (quoted and armed)
    assert event.checks[0] == Check("dry", quoted, DRY_QUOTED if quoted else DRY_NOT_QUOTED)
    assert tuple(check.name for check in event.checks[1:]) == NAMES
    if not quoted:
        assert (decision.reason, decision.actionable) == ("dry", False)
    plain = decided(request(side), seen)
    assert (decision.amounts, decision.deadline_ns, decision.checks[1:]) == (
        plain.amounts,
        plain.deadline_ns,
        plain.checks,
    )


AT_THE_LIMIT: list[Mapping[str, object]] = [
    {"limits": limits(min_notional_eure=Decimal(4))},
    {"quote_promised": 996 * 10**18},
    {"base_promised": 1_992_000},
    {"quote_signed": 9_996 * 10**18},
    {"base_signed": 19_992_000},
    {"base_signed": 9_996_000, "quote_signed": 4_998 * 10**18},
    {"quotes_in_second": 49},
    {"fills_in_hour": 59},
    {"loss": 5 * 10**18},
]


@pytest.mark.parametrize("changes", AT_THE_LIMIT, ids=[next(iter(one)) for one in AT_THE_LIMIT])
def test_what_is_at_its_limit_still_passes(changes: Mapping[str, object]) -> None:
    assert decided(request(amount_out=4 * 10**18), view(**changes)).reason == "quote"


shares = st.decimals("0.5", 1, places=3)


@given(
    st.sampled_from(["buy", "sell"]),
    st.integers(0, 10**7),
    st.integers(0, 4_000 * 10**18),
    st.integers(0, 10**7),
    st.integers(0, 4_000 * 10**18),
    st.integers(1, 5 * 10**18),
    shares,
)
def test_no_fill_of_live_quotes_and_this_one_exceeds_the_share(
    side: Side, base: int, quote: int, base_reserved: int, quote_reserved: int, notional: int, most: Decimal
) -> None:
    """All live quotes of the side settled at the mid, and this one on top: the share is still within its limit."""
    seen = view(
        base_balance=base,
        quote_balance=quote,
        base_reserved=base_reserved,
        quote_reserved=quote_reserved,
        limits=limits(max_asset_share=most),
    )
    asked = request("buy", amount_out=notional) if side == "buy" else request("sell", amount_in=notional)
    decision = decided(asked, seen)
    if not decision.execute:
        return
    assert decision.amounts is not None
    worth = base * 5 * 10**14 + quote
    if side == "buy":
        left = quote - quote_reserved - decision.amounts.amount_out
    else:
        left = (base - base_reserved - decision.amounts.amount_out) * 5 * 10**14
    assert left >= (1 - Fraction(most)) * worth


@given(st.sampled_from(["buy", "sell"]), st.integers(0, 10**7), st.integers(0, 4_000 * 10**18), st.integers(0, 10**7))
def test_reducing_lets_through_what_brings_the_inventory_nearer_to_its_target(
    side: Side, base: int, quote: int, base_reserved: int
) -> None:
    seen = view(trading="REDUCING", base_balance=base, quote_balance=quote, base_reserved=base_reserved)
    decision = decided(request(side), seen)
    if "trading" in failed(decision) or decision.amounts is None or not decision.execute:
        return
    worth = Fraction(base * 5 * 10**14 + quote)
    before = abs(base * 5 * 10**14 / worth - Fraction(1, 2))
    moved = decision.amounts.amount_in if side == "buy" else -decision.amounts.amount_out
    assert abs((base + moved) * 5 * 10**14 / worth - Fraction(1, 2)) < before


def test_reducing_refuses_moves_away_from_the_target_and_past_it() -> None:
    much_btc = view(trading="REDUCING", base_balance=10**8, quote_balance=40_000 * 10**18)
    assert failed(decided(request("buy"), much_btc)) == ["trading"]
    assert decided(request("sell"), much_btc).execute
    committed = view(trading="REDUCING", base_balance=10**8, quote_balance=40_000 * 10**18, base_reserved=10**7)
    assert failed(decided(request("sell"), committed)) == ["trading"], "the commitments already bring it to its target"
    unknown = view(trading="REDUCING", base_balance=None, quote_balance=None)
    assert "trading" in failed(decided(request("sell"), unknown))


views = st.builds(
    view,
    strategy_armed=st.booleans(),
    executor_armed=st.booleans(),
    mid=st.none() | st.decimals(1_000, 200_000, places=2),
    mid_at_ns=st.integers(NOW - 10 * NS_PER_S, NOW + NS_PER_S),
    mid_usable=st.booleans(),
    base_balance=st.none() | st.integers(0, 10**9),
    quote_balance=st.none() | st.integers(0, 10**23),
    base_reserved=st.integers(0, 10**8),
    quote_reserved=st.integers(0, 10**22),
    inventory_at_ns=st.integers(NOW - 30 * NS_PER_S, NOW + NS_PER_S),
    trading=st.sampled_from(["ACTIVE", "REDUCING", "HALTED"]),
    base_promised=st.integers(0, 10**7),
    quote_promised=st.integers(0, 10**21),
    base_signed=st.integers(0, 10**8),
    quote_signed=st.integers(0, 10**22),
    quotes_in_second=st.integers(0, 60),
    fills_in_hour=st.integers(0, 70),
    loss=st.integers(0, 6 * 10**18),
    limits=st.builds(limits, max_asset_share=shares),
    salt_known=st.booleans(),
    relay_writable=st.booleans(),
    history_writable=st.booleans(),
)
sides: st.SearchStrategy[Side] = st.sampled_from(["buy", "sell"])
amounts = st.integers(1, MAX_AMOUNT) | st.integers(1, 10**5) | st.integers(10**17, 5 * 10**18)
requests = st.builds(
    lambda side, exact_in, amount: request(side, **{"amount_in" if exact_in else "amount_out": amount}),
    sides,
    st.booleans(),
    amounts,
)


@given(requests, views)
def test_the_same_inputs_make_the_same_decision_and_are_left_alone(asked: SwapDemand, seen: DeskView) -> None:
    before = copy.deepcopy((asked, seen))
    one, two = decided(asked, seen), decided(asked, seen)
    assert one == two
    assert (asked, seen) == before


@given(requests, views)
def test_the_reason_is_the_first_failure_and_execute_means_none(asked: SwapDemand, seen: DeskView) -> None:
    decision = decided(asked, seen)
    names = failed(decision)
    assert decision.reason == (names[0] if names else "quote")
    assert decision.execute is (not names)
    assert decision.actionable is all(name in EXECUTOR_CHECKS for name in names)


@given(requests, views)
def test_what_is_executed_is_armed_known_covered_and_inside_the_limits(asked: SwapDemand, seen: DeskView) -> None:
    decision = decided(asked, seen)
    if not decision.execute:
        return
    assert decision.amounts is not None
    assert seen.strategy_armed
    assert seen.executor_armed
    balance, reserved = (
        (seen.quote_balance, seen.quote_reserved) if decision.side == "buy" else (seen.base_balance, seen.base_reserved)
    )
    assert balance is not None
    assert decision.amounts.amount_out + reserved <= balance
    assert decision.amounts.notional <= 5 * 10**18
    assert seen.trading != "HALTED"
    assert seen.quotes_in_second < 50
    assert seen.fills_in_hour < 60
    assert seen.loss <= 5 * 10**18
    assert seen.mid is not None
    base_value = Fraction(seen.base_promised) * Fraction(seen.mid) * 10**10
    assert seen.quote_promised + base_value + decision.amounts.notional <= 1_000 * 10**18
    assert seen.base_signed is not None
    assert seen.quote_signed is not None
    signed_value = seen.quote_signed + Fraction(seen.base_signed) * Fraction(seen.mid) * 10**10
    assert signed_value + decision.amounts.notional <= 10_000 * 10**18


@given(requests, views)
def test_a_decision_from_before_refused_quotes_counted_is_made_again_to_the_letter(
    asked: SwapDemand, seen: DeskView
) -> None:
    older = msgspec.structs.replace(seen, base_signed=None, quote_signed=None)
    event = decision_event("d-1", asked, decided(asked, older), older)
    assert "signed" not in event.view
    assert "signed" not in {check.name for check in event.checks}
    again = read_view(event.view, older.market, older.limits, older.params)
    assert decision_event("d-1", asked, decided(asked, again), again) == event


@given(requests, views, st.decimals("0.000001", 5, places=6))
def test_with_a_least_notional_nothing_below_it_is_quoted_and_all_else_is_as_without(
    asked: SwapDemand, seen: DeskView, least: Decimal
) -> None:
    bounded = msgspec.structs.replace(
        seen, limits=msgspec.structs.replace(seen.limits, min_notional_eure=least, max_notional_eure=Decimal(5))
    )
    plain, decision = decided(asked, seen), decided(asked, bounded)
    added = [check for check in decision.checks if check.name == "min_notional"]
    assert len(added) == 1
    assert [check.name for check in decision.checks if check not in added] == [check.name for check in plain.checks]
    notional = None if decision.amounts is None else decision.amounts.notional
    assert added[0].passed == (notional is not None and notional >= least * 10**18)
    assert not (decision.execute and not added[0].passed)


@given(requests, views)
def test_a_decision_from_before_there_was_a_least_notional_is_made_again_to_the_letter(
    asked: SwapDemand, seen: DeskView
) -> None:
    event = decision_event("d-1", asked, decided(asked, seen), seen)
    assert "min_notional" not in {check.name for check in event.checks}
    recorded = json.loads(msgspec.json.encode(seen.limits))
    del recorded["min_notional_eure"]
    older = msgspec.json.decode(json.dumps(recorded), type=Limits)
    again = read_view(event.view, seen.market, older, seen.params)
    assert decision_event("d-1", asked, decided(asked, again), again) == event


def test_dust_says_so_with_its_numbers() -> None:
    seen = view(limits=limits(min_notional_eure=Decimal("0.50")))
    event = decision_event("d-1", request(amount_in=1), decided(request(amount_in=1), seen), seen)
    assert (event.reason, event.actionable) == ("min_notional", False)
    [detail] = [check.detail for check in event.checks if check.name == "min_notional"]
    assert detail == "0.000499 EURe, at least 0.5 EURe"


@given(requests, views, st.sampled_from(["", "the connection is not open"]))
def test_every_check_is_recorded_with_what_it_compared(asked: SwapDemand, seen: DeskView, failure: str) -> None:
    decision = decided(asked, seen)
    event = decision_event("d-1", asked, decision, seen, failure)
    assert tuple(check.name for check in event.checks[: len(NAMES)]) == NAMES
    assert [check.passed for check in event.checks[: len(NAMES)]] == [check.passed for check in decision.checks]
    assert all(check.detail for check in event.checks)
    if failure:
        assert event.reason == "sent"
        assert event.checks[-1].detail == failure
    else:
        assert event.reason == decision.reason
        assert len(event.checks) == len(NAMES)


def test_the_checks_carry_their_numbers_as_text() -> None:
    seen = view(quote_balance=10 * 10**18, quote_reserved=7 * 10**18)
    asked = request(amount_out=4 * 10**18)
    event = decision_event("d-1", asked, decided(asked, seen), seen)
    details = {check.name: check.detail for check in event.checks}
    assert details["covered"] == "gives 4.00000000 EURe, spendable 3.00000000"
    assert details["notional"] == "4.000000 EURe, at most 5 EURe"
    assert details["reference_age"] == "100 ms, at most 5000 ms"
    assert details["inventory_age"] == "1000 ms, at most 20000 ms"
    assert details["deadline"] == "61000 ms, at most 125000 ms"
    assert details["inventory"] == "10.00000000 EURe"
    assert details["edge"].endswith("EURe, at least 5 bps")
    assert details["executor_armed"] == "yes"
    assert details["trading"] == "ACTIVE"
    assert details["promised"] == "4.000000 EURe, at most 1000 EURe"
    assert details["share"] == "leaves -1.00000000 EURe, at least 0.00000000"
    assert details["rate"] == "0 within a second, at most 50"
    assert details["fills"] == "0 within an hour, at most 60"
    assert details["loss"] == "0.000000 EURe, at most 5 EURe"


def test_unknown_is_recorded_as_unknown_and_never_as_zero() -> None:
    seen = view(mid=None, mid_usable=False, mid_problem="", base_balance=None, quote_balance=None)
    event = decision_event("d-1", request(), decided(request(), seen), seen)
    details = {check.name: check.detail for check in event.checks}
    for name in ("reference", "reference_age", "inventory", "inventory_age", "amount", "notional", "edge", "covered"):
        assert details[name] == "unknown", name
    assert (event.mid, event.price, event.amount_in, event.amount_out, event.notional, event.edge) == (None,) * 6


@pytest.mark.parametrize("most", ["1.0000000000000000009", "1E-30", "0.5"])
def test_a_limit_finer_than_a_base_unit_is_cut_off_not_rounded_up(most: str) -> None:
    tight = view(limits=limits(max_notional_eure=Decimal(most)))
    over = request("sell", amount_in=10**18 + 1)
    assert "notional" in failed(decided(over, tight))
