"""The makers by name, and each one's answers."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from bench.profit.desk_maker import EXPIRY_MARGIN_NS, SLACK_MS, DeskMaker, DeskTerms
from bench.profit.makers import AMM, DESK, FEATURES, RATE, TODAY, desk_terms, fixed, static, without
from bench.profit.other_makers import ConstantProduct, FixedRate
from bench.profit.playing import venue_config
from bench.profit.seen import START_NS, Seen, watch
from venue.protocol.assets import Market
from venue.protocol.tokens import EURE, NBTC
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.backtest import BacktestFlow
from venue.sandbox.flow.schedule import ScheduledRequest

MARKET = Market(NBTC, EURE)
MID = Decimal("80000.00")
OPENING = {NBTC.token_id: 12_500_000, EURE.token_id: 10_000 * 10**18}
ONE_BTC, ONE_EURE = 10**8, 10**18


def asked(**changes: Any) -> ScheduledRequest:
    """A taker sells 0.001 BTC for a minute."""
    flow = BacktestFlow(venue_config(1, "prompt=1", "adaptive", MID))
    request = next(iter(flow.requests()))
    given: dict[str, Any] = {
        "asset_in": NBTC.token_id,
        "asset_out": EURE.token_id,
        "amount_in": ONE_BTC // 1_000,
        "amount_out": None,
        "min_deadline_ms": 60_000,
    }
    return msgspec.structs.replace(request, **given | changes)


def terms(name: str) -> DeskTerms:
    found = desk_terms(name)
    assert found is not None
    return found


def test_a_switch_changes_its_own_feature_alone() -> None:
    whole = terms(DESK)
    for feature in FEATURES:
        less = terms(without(feature))
        apart = [name for name in whole.params.__struct_fields__ if whole != less and _differs(whole, less, name)]
        assert apart == {
            "vol": ["vol_factor"],
            "skew": ["max_skew_bps", "skew_sigmas"],
            "premium": ["max_premium_bps"],
        }.get(feature, [])
        assert (less.shortest_ms != whole.shortest_ms) == (feature == "life")
        assert less.limits == whole.limits
    assert terms("desk:-vol,-skew").params.vol_factor == terms("desk:-vol,-skew").params.skew_sigmas == 0
    assert terms("desk:half_spread_bps=5,vol_factor=0.25").params.half_spread_bps == 5


def _differs(left: DeskTerms, right: DeskTerms, name: str) -> bool:
    return bool(getattr(left.params, name) != getattr(right.params, name))


def test_fixed_widths_do_not_depend_on_the_volatility() -> None:
    for name in (static(8), fixed(8), TODAY):
        assert terms(name).params.vol_factor == terms(name).params.max_premium_bps == 0
        assert terms(name).params.skew_sigmas == 0
    assert terms(static(8)).params.max_skew_bps == 15
    assert terms(fixed(8)).params.max_skew_bps == 0
    assert desk_terms(AMM) is desk_terms(RATE) is None


@pytest.mark.parametrize(
    "name", ["nobody", "static:", "static:-3", "static:08", "desk:-width", "desk:half_spread_bps=9999", "fixed:1e3", ""]
)
def test_a_maker_that_is_not_known_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"there is no maker|nothing of the desk|must be from"):
        desk_terms(name)


def test_the_desk_reserves_what_it_signs_until_nobody_can_settle_it() -> None:
    flow = BacktestFlow(venue_config(1, "prompt=1", "adaptive", MID))
    [seen] = watch(flow, 60)[:1]
    poor = {NBTC.token_id: 200_000, EURE.token_id: 130 * ONE_EURE}
    first = asked(index=0)
    released_ns = first.at_ns + (60_000 + SLACK_MS) * NS_PER_MS + EXPIRY_MARGIN_NS
    soon, later = (asked(index=place, at_ns=released_ns + moved) for place, moved in ((1, -1), (2, 0)))
    maker = DeskMaker(terms(DESK), MARKET, poor, [_as_asked(seen, one) for one in (first, soon, later)])
    offer = maker.quote(first, first.at_ns)
    assert offer is not None
    assert offer.deadline_ns == released_ns - EXPIRY_MARGIN_NS
    # Another 80 EURe are not there while the first quote is out, and are when it cannot settle any more.
    assert maker.quote(soon, soon.at_ns) is None
    assert maker.quote(later, later.at_ns) is not None
    assert maker.reasons == {"quote": 2, "covered": 1}


def _as_asked(seen: Seen, request: ScheduledRequest) -> Seen:
    demand = msgspec.structs.replace(
        seen.demand,
        at_ns=START_NS + request.at_ns,
        quote_id=str(request.index),
        asset_in=request.asset_in,
        asset_out=request.asset_out,
        amount_in=request.amount_in,
        amount_out=request.amount_out,
        min_deadline_ms=request.min_deadline_ms,
    )
    return msgspec.structs.replace(seen, demand=demand, mid_at_ns=demand.at_ns)


def test_a_constant_product_is_kept_but_for_the_margin_in_both_directions() -> None:
    maker = ConstantProduct(OPENING)
    sold = maker.quote(asked(), 0)
    assert sold is not None
    base, quote = OPENING[NBTC.token_id], OPENING[EURE.token_id]
    kept = 100_000 * (1 - 0.003)
    assert sold.counter == pytest.approx(quote * kept / (base + kept), rel=1e-9)
    # What asks for that much is asked for what gave it.
    back = maker.quote(asked(amount_in=None, amount_out=sold.counter), 0)
    assert back is not None
    assert back.counter in (100_000, 100_001)
    assert (base + 100_000) * (quote - sold.counter) > base * quote
    assert sold.deadline_ns == 70 * NS_PER_S
    assert sold.nonce == back.nonce


def test_a_constant_product_answers_no_long_life_and_gives_no_more_than_it_has() -> None:
    maker = ConstantProduct(OPENING)
    assert maker.quote(asked(min_deadline_ms=60_001), 0) is None
    assert maker.quote(asked(amount_in=None, amount_out=OPENING[EURE.token_id]), 0) is None


def test_a_fixed_rate_never_moves_and_gives_no_more_than_it_has() -> None:
    maker = FixedRate(MARKET, OPENING, MID)
    for mid in (MID, MID / 2):
        offer = maker.quote(asked(mid=mid), 0)
        assert offer is not None
        assert offer.counter == 79_900_000_000_000_000_000
    assert maker.quote(asked(amount_in=OPENING[NBTC.token_id] * 2), 0) is None


def test_the_mid_that_is_seen_is_half_a_second_old_with_a_little_noise() -> None:
    flow = BacktestFlow(venue_config(7, "prompt=1", "adaptive", MID))
    every = watch(flow, 1_800)
    assert len(every) > 200
    apart = []
    for seen, request in zip(every, flow.requests(), strict=False):
        assert seen.demand.quote_id == request.quote_id
        assert seen.demand.at_ns - seen.mid_at_ns == 500 * NS_PER_MS or request.at_ns < 500 * NS_PER_MS
        apart.append(float(seen.mid / flow.path.mid_at(request.at_ns - 500 * NS_PER_MS) - 1) * 1e4)
    deviation = (sum(each * each for each in apart) / len(apart)) ** 0.5
    assert 0.24 < deviation < 0.36
    assert every[0].sigma_bps is None
    assert every[-1].sigma_bps is not None
