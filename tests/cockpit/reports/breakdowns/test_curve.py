"""P&L and inventory over time, against figures by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.pnl import InventoryChange, average_cost_pnl
from cockpit.reports.breakdowns.curve import (
    MOST_FILLS,
    MOST_STEPS,
    curve,
    drawdown,
    kept_times,
    mean_value,
    recorded_part,
    step_of,
    times_of,
)
from cockpit.reports.figures import ReportedPoint
from storage.reader import LATER_NS, RunRow, Span
from storage.reporting.mids import RecordedMid
from tests.support.reports.fills import at
from venue.protocol.tokens import BITCOIN, EURO
from venue.protocol.units import NS_PER_S

EUR = 10**18


def decimals(*values: int | str) -> list[Decimal]:
    return [Decimal(value) for value in values]


def points(
    mids: dict[int, str], changes: list[tuple[int, InventoryChange]], *, held: tuple[int, int] = (10**8, 0)
) -> list[ReportedPoint]:
    """From 0 to 10 s; a mid is known at the seconds named."""
    found = {at(second): Decimal(mid) for second, mid in mids.items()}

    def nearest(at_ns: int) -> RecordedMid | None:
        return RecordedMid(found[at_ns], at_ns) if at_ns in found else None

    ends = Decimal(mids[0]), Decimal(mids[10])
    return list(curve(times_of(Span(at(0), at(10))), nearest, ends, held, changes, (BITCOIN, EURO)))


def test_fills_and_held_inventory_over_time() -> None:
    """1 BTC at 50,000; 0.1 bought for 4,990 at 2.5 s; 51,000 at 3 s; 49,000 at 10 s."""
    found = points(
        {0: "50000", 3: "51000", 10: "49000"}, [(at(2.5), InventoryChange(10**7, -4_990 * EUR))], held=(10**8, 0)
    )
    assert len(found) == 11
    first, at_3, last = found[0], found[3], found[-1]
    assert [first.trading, first.total, first.value] == decimals(0, 0, 50_000)
    assert at_3.at_ns == at(3)
    assert [at_3.base, at_3.quote] == decimals("1.1", -4_990)
    assert [at_3.trading, at_3.total] == decimals(110, 1_110)
    assert [last.trading, last.total, last.value] == decimals(-90, -1_090, 53_900 - 4_990)


def test_a_point_without_a_mid_is_a_gap_and_knows_what_is_held() -> None:
    found = points({0: "50000", 10: "50000"}, [(at(1), InventoryChange(-(10**8), 50_000 * EUR))])
    assert (found[5].mid, found[5].trading, found[5].total, found[5].value) == (None,) * 4
    assert [found[5].base, found[5].quote] == decimals(0, 50_000)


@pytest.mark.parametrize(("away_s", "known"), [(60, True), (61, False)])
def test_a_mid_of_more_than_a_minute_away_is_none(away_s: int, known: bool) -> None:
    found = curve(
        times_of(Span(at(0), at(10))),
        lambda at_ns: RecordedMid(Decimal(1), at_ns - away_s * NS_PER_S),
        (Decimal(1), Decimal(1)),
        (0, 0),
        (),
        (BITCOIN, EURO),
    )
    assert (list(found)[5].mid is not None) == known


def test_a_deposit_is_no_profit() -> None:
    """1 BTC deposited at 51,000 of 1 s, 5,000 EURe at 2 s: the value rises, the P&L does not."""
    found = points(
        {0: "50000", 1: "51000", 2: "51000", 3: "51000", 10: "51000"},
        [
            (at(0.5), InventoryChange(10**8, 0, Decimal(51_000))),
            (at(1.5), InventoryChange(0, 5_000 * EUR, Decimal(51_000))),
        ],
    )
    assert [[point.total, point.trading, point.value] for point in found[1:4]] == [
        decimals(1_000, 0, 102_000),
        decimals(1_000, 0, 107_000),
        decimals(1_000, 0, 107_000),
    ]


changes = st.lists(
    st.tuples(
        st.integers(-3, 12),
        st.integers(-(10**8), 10**8),
        st.integers(-(10**22), 10**22),
        st.none() | st.decimals(1, 10**6, places=8),
    ),
    max_size=20,
)


@given(changes, st.integers(-(10**9), 10**9), st.decimals(1, 10**6, places=8), st.decimals(1, 10**6, places=8))
def test_the_last_point_is_the_report_s_total(
    moves: list[tuple[int, int, int, Decimal | None]], held: int, first: Decimal, last: Decimal
) -> None:
    ordered = [
        (at(second), InventoryChange(base, quote if mid is None else 0, mid))
        for second, base, quote, mid in sorted(moves, key=lambda move: move[0])
    ]
    point = points({0: str(first), 10: str(last)}, ordered, held=(held, 0))[-1]
    pnl = average_cost_pnl(BITCOIN, EURO, held, first, [change for _, change in ordered], last)
    assert point.total == EURO.to_decimal(pnl.total)


@given(st.integers(0, 2**62), st.integers(1, 2**62))
def test_points_are_few_in_order_and_start_and_end_with_the_part(start: int, length: int) -> None:
    part = Span(start, start + length)
    times = times_of(part)
    assert (times[0], times[-1]) == (part.from_ns, part.to_ns)
    assert len(times) <= MOST_STEPS + 2
    assert times == sorted(set(times))
    assert all(time % step_of(part) == 0 for time in times[1:-1])


def test_kept_times_are_the_ends_the_hours_and_the_fills() -> None:
    hour = 3_600 * NS_PER_S
    part = Span(hour // 2, 3 * hour)
    assert kept_times(part, [0, hour + 5, 3 * hour]) == [hour // 2, hour, hour + 5, 2 * hour, 3 * hour]
    assert len(kept_times(Span(0, 10_000 * hour), list(range(1, 100_000)))) <= MOST_STEPS + MOST_FILLS + 3


def run(started: int, ended: int) -> RunRow:
    return RunRow(
        run_id="run", mode="LIVE", account="a", started_ns=at(started), last_write_ns=at(ended), ended_ns=None
    )


def test_only_the_recorded_part_of_a_span_is_drawn() -> None:
    both = [run(10, 20), run(30, 40)]
    assert recorded_part(Span(0, LATER_NS), both) == Span(at(10), at(40) + 1)
    assert recorded_part(Span(at(12), at(35)), both) == Span(at(12), at(35))
    assert recorded_part(Span(0, LATER_NS), []) is None
    assert recorded_part(Span(at(50), at(60)), both) is None


def point(second: int, trading: int | None, value: int | None = None) -> ReportedPoint:
    return ReportedPoint(
        at_ns=at(second),
        mid=None,
        trading=None if trading is None else Decimal(trading),
        total=None,
        value=None if value is None else Decimal(value),
        base=Decimal(0),
        quote=Decimal(0),
    )


def test_the_drawdown_is_the_deepest_fall_from_an_earlier_peak() -> None:
    found = [point(second, trading) for second, trading in enumerate((0, 5, 2, 4, None, -1, 9, 6))]
    assert drawdown(found) == 6
    assert drawdown([point(0, 1), point(1, 2)]) == 0
    assert drawdown([point(0, None)]) is None


def test_the_mean_value_is_weighted_by_time_and_leaves_out_what_is_unknown() -> None:
    """100 for 1 s, 400 for 3 s; unknown for 5 s; the last point ends the span."""
    found = [point(0, 0, 100), point(1, 0, 400), point(4, 0, None), point(9, 0, 7)]
    assert mean_value(found) == 325
    assert mean_value([point(0, 0, None), point(1, 0, 5)]) is None
    assert mean_value([]) is None
