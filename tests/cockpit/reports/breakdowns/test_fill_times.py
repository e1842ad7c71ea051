"""How long fills took and their inventory was held, against figures by hand."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cockpit.reports.breakdowns.fill_times import adverse_shares, fill_latency, inventory_half_life
from tests.support.reports.fills import at, fill
from venue.protocol.tokens import BITCOIN


def test_latency_is_from_the_sending_to_the_settlement() -> None:
    fills = [fill(sent=0, settled=settled) for settled in (2, 0.5, 1.25, 4)]
    found = fill_latency(fills)
    assert (found.known, found.p50_ms, found.p90_ms, found.p99_ms, found.max_ms) == (4, 1_250, 4_000, 4_000, 4_000)


def test_a_settlement_without_a_time_or_before_its_quote_has_no_latency() -> None:
    """The chain's clock may be behind the desk's: a negative time says nothing."""
    found = fill_latency([fill(settled=None), fill(sent=5, settled=4.9)])
    assert (found.known, found.p50_ms, found.max_ms) == (0, None, None)


def test_the_adverse_share_counts_markouts_below_zero() -> None:
    found = adverse_shares(
        [
            fill(markouts=(-1, 5, None, None)),
            fill(markouts=(0, -5, None, None)),
            fill(markouts=(100, -5, -1, None)),
        ]
    )
    assert [(one.seconds, one.known, one.adverse, one.share) for one in found] == [
        (1, 3, 1, Decimal("0.3333")),
        (10, 3, 2, Decimal("0.6667")),
        (60, 1, 1, Decimal(1)),
        (300, 0, 0, None),
    ]


def half_life(*changes: tuple[float, int]) -> tuple[int, int, int | None]:
    found = inventory_half_life(((at(second), units) for second, units in changes), BITCOIN)
    return int(found.opened.scaleb(8)), int(found.offset.scaleb(8)), found.half_life_ms


def test_half_of_what_was_opened_was_offset_after_the_half_life() -> None:
    """100 bought at 0 s; 40 sold at 10 s, 20 more at 30 s: half of it, 50, was gone after 30 s."""
    assert half_life((0, 100), (10, -40), (30, -20)) == (100, 60, 30_000)


def test_the_oldest_is_offset_first() -> None:
    """60 at 0 s and 40 at 20 s; 80 sold at 30 s take the 60 after 30 s and 20 of the 40 after 10 s."""
    assert half_life((0, 60), (20, 40), (30, -80)) == (100, 80, 30_000)
    assert half_life((0, 40), (20, 60), (30, -100)) == (100, 100, 10_000)


def test_a_short_position_is_inventory_too_and_one_fill_may_close_and_open() -> None:
    """50 sold at 0 s; 80 bought at 5 s close them and open 30, which leave at 6 s."""
    assert half_life((0, -50), (5, 80), (6, -30)) == (80, 80, 5_000)


def test_less_than_half_has_no_half_life() -> None:
    assert half_life((0, 100), (10, -49)) == (100, 49, None)
    assert half_life((0, 100), (10, -50)) == (100, 50, 10_000)
    assert half_life() == (0, 0, None)


@given(st.lists(st.integers(-1_000, 1_000), max_size=40))
def test_what_is_neither_offset_nor_a_net_position_does_not_exist(moves: list[int]) -> None:
    opened, offset, ms = half_life(*enumerate(moves))
    assert opened - offset == abs(sum(moves))
    assert opened + offset == sum(abs(moved) for moved in moves)
    assert (ms is not None) == (0 < opened <= 2 * offset)
