"""The kinds of takers: who asks, and when each executes what it was quoted."""

import math
from collections import Counter
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.tokens import EURE, NBTC, NBTC_EURE
from venue.protocol.units import NS_PER_S
from venue.sandbox.assembly import price_path, request_flow
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.schedule import ScheduledRequest, schedule
from venue.sandbox.flow.takers import MARGIN_NS, PARTNER_SHARES, taker_at
from venue.sandbox.flow.taking import (
    COST_BPS,
    PATIENT_MARGIN_NS,
    THRESHOLD_BPS,
    THRESHOLD_QUOTE,
    Deal,
    decides_ns,
    takes,
)
from venue.sandbox.mixes import KINDS, MIXES, Kind

MID = Decimal(80_000)
LIFE_NS = 60 * NS_PER_S


def requests(count: int, seed: int = 5, **settings: Any) -> list[ScheduledRequest]:
    config = VenueConfig(**{"seed": seed, "other_pairs": 0.0, "legacy_share": 0.0, **settings})
    return list(islice(schedule(seed, request_flow(config), price_path(config)), count))


def asked(kind: Kind, **fields: Any) -> ScheduledRequest:
    """Return a request that sells 0.01 nBTC."""
    [one] = requests(1)
    plain = {"asset_in": NBTC.token_id, "asset_out": EURE.token_id, "amount_in": 1_000_000, "amount_out": None}
    return msgspec.structs.replace(one, **{**plain, "kind": kind, "mid": MID, "tolerance_bps": Decimal(20), **fields})


def offer(cost_bps: str, *, sells: bool = True) -> Deal:
    """Return a quote for 0.01 nBTC that costs the taker so many bps of ``MID``."""
    eur = int(800 * (1 + (-1 if sells else 1) * Decimal(cost_bps) / 10_000) * 10**18)
    given, got = ((NBTC, 1_000_000), eur) if sells else ((EURE, eur), 1_000_000)
    return Deal(market=NBTC_EURE, asset_in=given[0].token_id, amount_in=given[1], amount_out=got, deadline_ns=LIFE_NS)


def moved(bps: str) -> Decimal:
    return (MID * (1 + Decimal(bps) / 10_000)).quantize(Decimal("0.01"))


@pytest.mark.parametrize("mix", MIXES)
def test_the_kinds_come_in_their_shares(mix: str) -> None:
    counts = Counter(request.kind for request in requests(500, takers=mix))
    for kind in KINDS:
        share = MIXES[mix][kind]
        assert abs(counts[kind] - 500 * share) <= 4 * math.sqrt(500 * share * (1 - share))


def test_the_same_seed_gives_the_same_takers_and_another_seed_others() -> None:
    first, again, other = (requests(200, seed=seed, takers="toxic") for seed in (5, 5, 6))
    assert first == again
    assert [one.kind for one in first] != [one.kind for one in other]


def test_a_mix_leaves_size_time_and_rivals_of_the_requests_as_they_are() -> None:
    def rest(takers: str) -> list[tuple[object, ...]]:
        found = requests(300, takers=takers, router_legs=0.0)
        return [(one.at_ns, one.quote_id, one.trader, one.min_deadline_ms, one.rivals, one.mid) for one in found]

    assert rest("today") == rest("toxic")


def test_a_kind_asks_through_its_own_partners_unless_all_are_alike() -> None:
    def share_of_desk(**settings: Any) -> float:
        named = requests(500, takers="holder=1", router_legs=0.0, **settings)
        return sum(one.partner_id == "desk-x" for one in named) / len(named)

    assert share_of_desk() == pytest.approx(PARTNER_SHARES["holder"][3], abs=0.06)
    assert share_of_desk(partners="alike") == pytest.approx(PARTNER_SHARES["prompt"][3], abs=0.03)


def test_probes_say_so_as_often_as_asked_for() -> None:
    for share in (0.0, 0.5, 1.0):
        found = requests(400, takers="probe=1", dry_probes=share)
        assert sum(one.dry for one in found) / 400 == pytest.approx(share, abs=0.1)
        assert all(one.trusted is not None for one in found if one.dry)
    assert not any(one.dry for one in requests(300, takers="mixed", dry_probes=1.0) if one.kind != "probe")


def test_a_one_sided_flow_sells_more() -> None:
    for share in (0.2, 0.65, 1.0):
        sells = sum(one.asset_out == EURE.token_id for one in requests(500, one_sided=share))
        assert sells / 500 == pytest.approx(share, abs=0.09)


def test_only_requests_for_an_exact_amount_out_ask_for_long_lives() -> None:
    found = requests(500, long_lives=0.25)
    long = [one for one in found if one.min_deadline_ms > 120_000]
    exact_out = [one for one in found if one.amount_out is not None]
    assert all(one.amount_out is not None and 300_000 <= one.min_deadline_ms <= 1_200_000 for one in long)
    assert len(long) / len(exact_out) == pytest.approx(0.25, abs=0.08)


def test_an_informed_taker_asks_on_the_side_of_its_signal_and_is_right_as_often_as_correlated() -> None:
    config = VenueConfig(seed=5, market="normal", takers="informed=1")
    path, terms = price_path(config), request_flow(config).takers
    assert terms is not None
    found = requests(600, takers="informed=1", market="normal")
    right = 0
    for one in found:
        buys = one.asset_in == EURE.token_id
        assert one.signal_bps >= 0 if buys else one.signal_bps < 0
        start = one.at_ns + NS_PER_S
        horizon_ns = int(taker_at(5, terms, one.index).horizon_s * NS_PER_S)
        right += (path.mid_at(start + horizon_ns) > path.mid_at(start)) == buys
    share = 0.5 + math.asin(terms.correlation) / math.pi
    assert abs(right - share * len(found)) < 4 * math.sqrt(share * (1 - share) * len(found))


def test_an_informed_taker_takes_only_what_its_signal_pays_for() -> None:
    deal = offer("8")
    for signal, taken in (("-9.01", True), ("-9", False), ("9.01", False), ("0", False)):
        assert takes(asked("informed", signal_bps=Decimal(signal)), deal, MID) is taken
    assert takes(asked("informed", signal_bps=Decimal("9.01")), offer("8", sells=False), MID)
    assert Decimal("9.01") > 8 + COST_BPS


def test_a_prompt_taker_takes_at_once_inside_its_tolerance() -> None:
    request = asked("prompt")
    assert decides_ns(request, offer("20"), 7) == 7
    assert takes(request, offer("20"), MID)
    assert not takes(request, offer("20.01"), MID)


def test_a_patient_taker_waits_and_leaves_when_a_new_quote_would_be_better() -> None:
    request = asked("patient", hold_ns=12 * NS_PER_S)
    assert decides_ns(request, offer("8"), 0) == 12 * NS_PER_S
    late = asked("patient", hold_ns=500 * NS_PER_S)
    assert decides_ns(late, offer("8"), 0) == LIFE_NS - PATIENT_MARGIN_NS
    assert decides_ns(late, offer("8"), LIFE_NS - 1) == LIFE_NS - 1
    # It sells: what the mid rises makes the quote dearer.
    for move, taken in (("-50", True), ("0", True), ("2.9", True), ("3.1", False)):
        assert takes(request, offer("8"), moved(move)) is taken
    assert not takes(request, offer("21"), MID)


@pytest.mark.parametrize("kind", ["holder", "sweeper"])
@given(cost=st.integers(-300, 300), move=st.integers(-500, 500), sells=st.booleans())
def test_a_holder_never_takes_out_of_the_money_and_always_well_in_it(
    kind: Kind, cost: int, move: int, sells: bool
) -> None:
    deal, mid = offer(f"{cost}e-1", sells=sells), moved(f"{move}e-1")
    gain = deal.gain(mid)
    assert takes(asked(kind), deal, mid) is (gain > deal.value(mid) * THRESHOLD_BPS / 10_000 + THRESHOLD_QUOTE)
    if takes(asked(kind), deal, mid):
        assert gain > 0
    assert deal.cost_bps(mid) == pytest.approx(-gain / deal.value(mid) * 10_000)


def test_a_holder_decides_just_before_the_deadline() -> None:
    for kind in ("holder", "sweeper"):
        assert decides_ns(asked(kind), offer("8"), 0) == LIFE_NS - MARGIN_NS
        assert decides_ns(asked(kind), offer("8"), LIFE_NS - 1) == LIFE_NS - 1
    [cautious] = requests(1, takers="holder=1", margin_s=10)
    assert decides_ns(cautious, offer("8"), 0) == LIFE_NS - 10 * NS_PER_S


def test_a_probe_never_takes() -> None:
    assert decides_ns(asked("probe"), offer("-500"), 0) is None
    assert not takes(asked("probe"), offer("-500"), MID)
