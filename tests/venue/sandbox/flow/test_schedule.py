"""The traders' schedule and the rivals' answers: one seed always gives the same."""

from decimal import Decimal
from itertools import islice

import pytest

from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.price_path import RandomWalk
from venue.sandbox.flow.rivals import counter_amount, draws
from venue.sandbox.flow.schedule import RequestFlow, ScheduledRequest, request_at, schedule

BTC = "nep141:btc.omft.near"
EURE = "nep141:gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near"


def requests(seed: int, count: int = 600, **flow: float) -> list[ScheduledRequest]:
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
    assert sum(request.active for request in found) == pytest.approx(750, rel=0.15)
    assert all((request.amount_in is None) != (request.amount_out is None) for request in found)
    active = [request for request in found if request.active]
    for kind in (lambda r: r.asset_in == BTC, lambda r: r.asset_in == EURE, lambda r: r.amount_in is None):
        assert 0.25 < sum(map(kind, active)) / len(active) < 0.75
    eur = sorted(size for request in active if (size := eure_amount(request)) is not None)
    assert eur[len(eur) // 2] == pytest.approx(60, rel=0.3)
    assert all(200 <= request.wait_ms <= 600 for request in found)
    assert len({request.quote_id for request in found}) == len(found)


def eure_amount(request: ScheduledRequest) -> float | None:
    amount = request.amount_in if request.asset_in == EURE else request.amount_out
    return None if amount is None else amount / 10**18


def test_without_other_pairs_every_request_is_for_the_active_pair() -> None:
    assert all(request.active for request in requests(5, 50, other_pairs=0.0))


def test_rivals_answer_inside_the_auction_and_not_always() -> None:
    answers = [draws(1, f"quote-{index}", 400) for index in range(200)]
    assert all(0 <= draw.delay_ms < 400 for found in answers for draw in found)
    assert len({len(found) for found in answers}) > 2
    assert answers == [draws(1, f"quote-{index}", 400) for index in range(200)]


@pytest.mark.parametrize(
    ("asset_in", "amount_in", "amount_out", "counter"),
    [
        (BTC, 100_000, None, 79 * 10**18 + 2 * 10**17),
        (EURE, 80_800_000_000_000_000_001, None, 100_000),
        (BTC, None, 79 * 10**18 + 2 * 10**17 + 1, 100_001),
        (EURE, None, 100_000, 80_800_000_000_000_000_000),
    ],
)
def test_a_makers_amounts_round_in_its_favour(
    asset_in: str, amount_in: int | None, amount_out: int | None, counter: int
) -> None:
    assert (
        counter_amount(
            asset_in, amount_in=amount_in, amount_out=amount_out, mid=Decimal(80_000), half_spread_bps=Decimal(100)
        )
        == counter
    )
