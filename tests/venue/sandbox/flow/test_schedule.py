"""The traders' schedule and the rivals' answers: one seed always gives the same."""

from collections import Counter
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec
import pytest

from venue.protocol.assets import Market
from venue.protocol.tokens import BITCOIN, BTC, BTC_EURE, DEFAULT_TOKENS, EURE, EURO, NBTC, NBTC_EURE, TokenTable
from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.price_path import RandomWalk
from venue.sandbox.flow.rivals import counter_amount, draws
from venue.sandbox.flow.schedule import RequestFlow, ScheduledRequest, request_at, schedule


def requests(seed: int, count: int = 600, **flow: Any) -> list[ScheduledRequest]:
    return list(islice(schedule(seed, RequestFlow(**flow), RandomWalk(seed, Decimal(80_000)), traders=4), count))


def test_the_same_seed_gives_the_same_requests_prices_and_rival_answers() -> None:
    assert requests(5) == requests(5)
    assert requests(5) != requests(6)


def test_a_request_does_not_depend_on_the_ones_before() -> None:
    wanted = requests(5)[400]
    assert request_at(5, RequestFlow(), RandomWalk(5, Decimal(80_000)), 400, wanted.at_ns, traders=4) == wanted


def test_the_flow_follows_its_settings() -> None:
    found = requests(5, 3_000, rate=20.0, other_pairs=0.75)
    assert found[-1].at_ns / NS_PER_S == pytest.approx(150, rel=0.1)
    active = [request for request in found if request.market is not None]
    assert len(active) == pytest.approx(750, rel=0.15)
    assert all((request.amount_in is None) != (request.amount_out is None) for request in found)
    for kind in (lambda r: r.asset_out == EURE.token_id, lambda r: r.amount_in is None):
        assert 0.25 < sum(map(kind, active)) / len(active) < 0.75
    eur = sorted(size for request in active if (size := eure_amount(request)) is not None)
    assert eur[len(eur) // 2] == pytest.approx(60, rel=0.3)
    assert all(200 <= request.min_wait_ms <= 600 for request in found)
    assert len({request.quote_id for request in found}) == len(found)


def test_dry_requests_and_router_legs_come_in_their_shares_and_leave_the_rest_of_the_flow_alone() -> None:
    plain, mixed = requests(5, 2_000), requests(5, 2_000, dry=0.2, router_legs=0.3)
    for one, other in zip(plain, mixed, strict=True):
        assert (one.quote_id, one.asset_in, one.amount_in, one.amount_out) == (
            other.quote_id,
            other.asset_in,
            other.amount_in,
            other.amount_out,
        )
        assert (one.at_ns, one.trader, one.min_deadline_ms, one.tolerance_bps) == (
            other.at_ns,
            other.trader,
            other.min_deadline_ms,
            other.tolerance_bps,
        )
    assert not any(request.dry or request.router_leg for request in plain)
    assert sum(request.dry for request in mixed) == pytest.approx(400, rel=0.15)
    assert sum(request.router_leg for request in mixed) == pytest.approx(600, rel=0.15)
    for request in mixed:
        assert not (request.dry and request.router_leg)
        if request.router_leg:
            assert (request.min_wait_ms, request.partner_id) == (1, "router-solver")
        if request.dry:
            asked_for = (request.trusted or {})["quote_request_data"]
            assert isinstance(asked_for, dict)
            assert asked_for["dry"] is True
    assert {request.stamp for request in mixed} == {"text", "number", "iso"}
    for name in ("deadline_as_text", "trusted_in_data", "bare"):
        assert {getattr(request, name) for request in mixed} == {True, False}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_deadlines_as_text_can_be_left_out(share: float) -> None:
    given = requests(3, 50, text_deadlines=share)
    assert {request.deadline_as_text for request in given} == {share == 1}
    plain = [msgspec.structs.replace(request, deadline_as_text=False) for request in requests(3, 50)]
    assert [msgspec.structs.replace(request, deadline_as_text=False) for request in given] == plain


def eure_amount(request: ScheduledRequest) -> float | None:
    amount = request.amount_in if request.asset_in == EURE.token_id else request.amount_out
    return None if amount is None else amount / 10**18


def test_without_other_pairs_every_request_is_for_a_market() -> None:
    assert all(request.market is not None for request in requests(5, 50, other_pairs=0.0))


def asked(**flow: Any) -> Counter[tuple[str, str]]:
    """Count 2,000 requests for our markets by market and direction."""
    found = requests(5, 2_000, other_pairs=0.0, **flow)
    for request in found:
        market = DEFAULT_TOKENS.market(request.asset_in, request.asset_out)
        assert request.market == market
    return Counter(
        (request.market.name, "sell" if request.asset_out == request.market.quote.token_id else "buy")
        for request in found
        if request.market is not None
    )


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.5, 0.8, 1.0])
def test_a_legacy_token_has_its_share_and_is_only_sold(share: float) -> None:
    counts = asked(legacy_share=share)
    assert counts[BTC_EURE.name, "sell"] == pytest.approx(2_000 * share, abs=90)
    assert counts[BTC_EURE.name, "buy"] == 0
    assert sum(count for (_, side), count in counts.items() if side == "sell") == pytest.approx(
        2_000 * max(0.5, share), abs=90
    )


def test_a_legacy_token_is_asked_for_both_ways_on_request() -> None:
    counts = asked(legacy_share=0.4, legacy_both_ways=True)
    for name, expected in ((BTC_EURE.name, 400), (NBTC_EURE.name, 600)):
        for side in ("sell", "buy"):
            assert counts[name, side] == pytest.approx(expected, abs=90)


def test_the_kind_of_btc_changes_nothing_else_of_a_request() -> None:
    def rest(share: float) -> list[tuple[object, ...]]:
        found = requests(5, 300, legacy_share=share, legacy_both_ways=True)
        return [(one.at_ns, one.quote_id, one.amount_in, one.amount_out, one.trader, one.rivals) for one in found]

    assert rest(0.0) == rest(1.0)


@pytest.mark.parametrize("market", [BTC_EURE, NBTC_EURE])
def test_a_table_with_one_market_is_asked_both_ways(market: Market) -> None:
    table = TokenTable((BTC, NBTC, EURE), (market,), base=BITCOIN, quote=EURO)
    found = requests(5, 200, other_pairs=0.0, tokens=table)
    assert {(one.asset_in, one.asset_out) for one in found} == {
        (market.base.token_id, EURE.token_id),
        (EURE.token_id, market.base.token_id),
    }


def test_other_pairs_are_no_market_and_some_turn_the_legacy_token_into_the_new_one() -> None:
    found = requests(5, 5_000, other_pairs=1.0)
    assert all(DEFAULT_TOKENS.market(one.asset_in, one.asset_out) is None for one in found)
    assert all(one.market is None and one.asset_in != one.asset_out for one in found)
    assert any((one.asset_in, one.asset_out) == (BTC.token_id, NBTC.token_id) for one in found)
    assert not any(one.asset_out == BTC.token_id for one in found)


def test_rivals_answer_inside_the_auction_and_not_always() -> None:
    answers = [draws(1, f"quote-{index}", 400) for index in range(200)]
    assert all(0 <= draw.delay_ms < 400 for found in answers for draw in found)
    assert len({len(found) for found in answers}) > 2
    assert answers == [draws(1, f"quote-{index}", 400) for index in range(200)]


@pytest.mark.parametrize(
    ("asset_in", "amount_in", "amount_out", "counter"),
    [
        (BTC.token_id, 100_000, None, 79 * 10**18 + 2 * 10**17),
        (EURE.token_id, 80_800_000_000_000_000_001, None, 100_000),
        (BTC.token_id, None, 79 * 10**18 + 2 * 10**17 + 1, 100_001),
        (EURE.token_id, None, 100_000, 80_800_000_000_000_000_000),
    ],
)
def test_a_makers_amounts_round_in_its_favour(
    asset_in: str, amount_in: int | None, amount_out: int | None, counter: int
) -> None:
    found = counter_amount(
        BTC_EURE,
        asset_in,
        amount_in=amount_in,
        amount_out=amount_out,
        mid=Decimal(80_000),
        half_spread_bps=Decimal(100),
    )
    assert found == counter
