"""Recorded prices are thinned by time and by move, and an unchanged one is distinguished from one that was lost."""

from decimal import Decimal

from cockpit.desk.market.reference import Reference
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.commands import Limits
from cockpit.model.environment import Environment
from cockpit.model.events import MarketPrice
from tests.support.desk.builders import AT_PAR, NOW
from tests.support.recorder import MemoryRecorder
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.reference.tick import Tick


def recorded(every_ms: int, move_bps: str, ticks: list[tuple[int, str]]) -> list[tuple[int, Decimal]]:
    """Return what is recorded (milliseconds, mid) of one exchange that ticks like this."""
    prices: list[MarketPrice] = []
    reference = Reference(
        (),
        min_sources=3,
        par=AT_PAR,
        limits=LimitsInForce(Limits()),
        env=Environment(wall_ns=lambda: NOW),
        recorder=MemoryRecorder(prices),
        every_ms=every_ms,
        move_bps=Decimal(move_bps),
    )
    for at_ms, mid in ticks:
        reference.on_tick(Tick("kraken", Decimal(mid), Decimal(mid), NOW + at_ms * NS_PER_MS))
    return [((price.at_ns - NOW) // NS_PER_MS, price.mid) for price in prices]


def test_a_price_is_recorded_once_in_the_time_set() -> None:
    ticks = [(0, "50000"), (400, "50001"), (999, "50002"), (1_000, "50003"), (1_500, "50004"), (2_001, "50005")]
    assert [at_ms for at_ms, _ in recorded(1_000, "0", ticks)] == [0, 1_000, 2_001]
    assert [at_ms for at_ms, _ in recorded(2_000, "0", ticks)] == [0, 2_001]


def test_a_price_is_recorded_when_it_moved_as_far_as_set_since_the_last_one_recorded() -> None:
    ticks = [(0, "50000"), (1_000, "50004"), (2_000, "50004"), (3_000, "50005"), (4_000, "50000.5"), (5_000, "49999")]
    assert [at_ms for at_ms, _ in recorded(100, "1", ticks)] == [0, 3_000, 5_000]
    assert [at_ms for at_ms, _ in recorded(100, "0", ticks)] == [0, 1_000, 3_000, 4_000, 5_000]


def test_an_unchanged_price_is_recorded_often_enough_to_count_as_current() -> None:
    ticks = [(second * 1_000, "50000") for second in range(100)]
    assert [at_ms for at_ms, _ in recorded(1_000, "5", ticks)] == [0, 30_000, 60_000, 90_000]


def test_a_clock_that_went_back_an_hour_leaves_no_hour_without_prices() -> None:
    ticks = [(0, "50000"), (-3_600_000, "50001"), (-3_599_500, "50002"), (-3_599_000, "50003")]
    assert [at_ms for at_ms, _ in recorded(1_000, "0", ticks)] == [0, -3_600_000, -3_599_000]


def test_the_composite_is_thinned_alike() -> None:
    prices: list[MarketPrice] = []
    now = NOW
    reference = Reference(
        (),
        min_sources=1,
        par=AT_PAR,
        limits=LimitsInForce(Limits()),
        env=Environment(wall_ns=lambda: now),
        recorder=MemoryRecorder(prices),
        move_bps=Decimal(1),
    )
    for second, mid in enumerate(("50000", "50004", "50005")):
        now = NOW + second * NS_PER_S
        reference.on_tick(Tick("kraken", Decimal(mid), Decimal(mid), now))
    assert [price.mid for price in prices if price.source == "composite"] == [Decimal(50_000), Decimal(50_005)]
