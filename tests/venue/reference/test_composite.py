from decimal import Decimal
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from venue.protocol.units import NS_PER_MS
from venue.reference.composite import NO_PRICE, Composite, composite
from venue.reference.tick import Tick

NOW = 1_795_000_000_000_000_000
MAX_AGE_MS = 5_000

prices = st.one_of(
    st.decimals(Decimal(99_700), Decimal(100_300), places=2),
    st.decimals(Decimal(1_000), Decimal(1_000_000), places=2),
)
spreads = st.decimals(Decimal(0), Decimal(50), places=2)
fresh_ages = st.integers(0, MAX_AGE_MS * NS_PER_MS)
unfit_ages = st.one_of(
    st.integers(MAX_AGE_MS * NS_PER_MS + 1, 10**15),
    st.integers(-(10**15), -1),
)


@st.composite
def tick(draw: st.DrawFn, ages: st.SearchStrategy[int]) -> Tick:
    bid = draw(prices)
    return Tick("x", bid, bid + draw(spreads), NOW - draw(ages))


names = st.sampled_from(["kraken", "coinbase", "bitstamp", "gemini", "bitvavo"])


def judge(ticks: dict[str, Tick], *, bps: str = "50", least: int = 2) -> Composite:
    return composite(ticks, NOW, max_age_ms=MAX_AGE_MS, max_divergence_bps=Decimal(bps), min_sources=least)


def at(mid: str, age_ms: int = 0) -> Tick:
    return Tick("x", Decimal(mid) - 1, Decimal(mid) + 1, NOW - age_ms * NS_PER_MS)


@given(st.dictionaries(names, tick(fresh_ages), min_size=1))
def test_the_mid_lies_within_the_fresh_mids_and_splits_them_in_half(ticks: dict[str, Tick]) -> None:
    mids = [one.mid for one in ticks.values()]
    mid = judge(ticks).mid
    assert mid is not None
    assert min(mids) <= mid <= max(mids)
    assert sum(one < mid for one in mids) <= len(mids) / 2
    assert sum(one > mid for one in mids) <= len(mids) / 2


@given(st.dictionaries(names, tick(st.one_of(fresh_ages, unfit_ages))), st.randoms())
def test_the_order_of_the_sources_does_not_matter(ticks: dict[str, Tick], random: Random) -> None:
    shuffled = list(ticks.items())
    random.shuffle(shuffled)
    assert judge(dict(shuffled)) == judge(ticks)


@given(st.dictionaries(names, tick(fresh_ages)), st.dictionaries(names, tick(unfit_ages)))
def test_a_stale_or_future_tick_never_counts(ticks: dict[str, Tick], unfit: dict[str, Tick]) -> None:
    alone, beside = judge(ticks), judge({**unfit, **ticks})
    assert (beside.mid, beside.at_ns, beside.age_ms, beside.usable) == (
        alone.mid,
        alone.at_ns,
        alone.age_ms,
        alone.usable,
    )
    for view in beside.sources:
        assert view.fresh is (view.source in ticks)
        assert not (view.agrees and not view.fresh)


@given(st.dictionaries(names, tick(st.one_of(fresh_ages, unfit_ages))), st.integers(1, 4))
def test_a_usable_price_meets_every_condition_and_others_have_a_reason(ticks: dict[str, Tick], least: int) -> None:
    verdict = judge(ticks, least=least)
    assert verdict.usable is (verdict.reason == "")
    if not verdict.usable:
        return
    assert verdict.mid is not None
    assert verdict.age_ms is not None
    fresh = [view for view in verdict.sources if view.fresh]
    assert len(fresh) >= least
    assert verdict.age_ms == max(view.age_ms for view in fresh) <= MAX_AGE_MS
    for view in fresh:
        assert abs(view.mid - verdict.mid) * 10_000 <= 50 * verdict.mid


@given(st.dictionaries(names, tick(fresh_ages), min_size=3))
def test_one_source_too_far_from_the_median_blocks(ticks: dict[str, Tick]) -> None:
    verdict = judge(ticks)
    assert verdict.mid is not None
    far = [one for one in ticks.values() if abs(one.mid - verdict.mid) * 10_000 > 50 * verdict.mid]
    assume(far)
    assert not verdict.usable
    assert "bps from the median" in verdict.reason


@given(tick(fresh_ages), tick(fresh_ages))
def test_two_sources_are_held_to_the_limit_from_each_other(one: Tick, other: Tick) -> None:
    verdict = judge({"kraken": one, "coinbase": other})
    assert verdict.mid is not None
    assert verdict.usable is (abs(one.mid - other.mid) * 10_000 <= 50 * verdict.mid)


def test_two_sources_that_disagree_are_named_with_their_distance() -> None:
    verdict = judge({"kraken": at("100000"), "coinbase": at("100600")})
    assert not verdict.usable
    assert verdict.mid == Decimal(100_300)
    assert verdict.reason == "coinbase and kraken are 59.82 bps apart, more than 50, and there is no third source"
    assert not any(view.agrees for view in verdict.sources)


def test_the_outlier_of_three_is_named_and_the_others_agree() -> None:
    verdict = judge({"kraken": at("100000"), "coinbase": at("100010"), "bitstamp": at("101000")})
    assert not verdict.usable
    assert verdict.mid == Decimal(100_010)
    assert verdict.reason == "bitstamp is 98.99 bps from the median 100010.00, more than 50"
    assert [(view.source, view.agrees) for view in verdict.sources] == [
        ("bitstamp", False),
        ("coinbase", True),
        ("kraken", True),
    ]
    assert verdict.sources[2].divergence_bps == Decimal("-1.00")


def test_exactly_at_the_limit_is_within_it() -> None:
    three = {"kraken": at("100000"), "coinbase": at("100000"), "bitstamp": at("100500")}
    assert judge(three).usable
    assert not judge({**three, "bitstamp": at("100500.01")}).usable


def test_too_few_fresh_sources_are_counted_out() -> None:
    verdict = judge({"kraken": at("100000"), "coinbase": at("100000", age_ms=6_000)})
    assert not verdict.usable
    assert verdict.mid == Decimal(100_000)
    assert verdict.reason == "1 of 2 sources have a price at most 5000 ms old; 2 are required"


def test_without_any_source_there_is_no_price() -> None:
    verdict = judge({})
    assert (verdict.mid, verdict.at_ns, verdict.age_ms, verdict.usable) == (None, None, None, False)
    assert verdict.reason == NO_PRICE


def test_the_age_is_that_of_the_oldest_tick_in_it() -> None:
    verdict = judge({"kraken": at("100000", 10), "coinbase": at("100000", 4_000), "bitstamp": at("100000", 9_000)})
    assert verdict.usable
    assert verdict.age_ms == 4_000
    assert verdict.at_ns == NOW - 4_000 * NS_PER_MS


def test_a_clock_set_back_makes_a_price_unusable_not_fresh() -> None:
    verdict = judge({"kraken": at("100000", -1), "coinbase": at("100000"), "bitstamp": at("100000")}, least=3)
    assert not verdict.usable
    assert verdict.sources[2].age_ms == -1
