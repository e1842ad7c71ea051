"""The chart of the mid: what it draws where, and what it leaves out."""

import itertools
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panels.kit.drawing.canvas import BLANK, thin
from panels.kit.drawing.time_axis import STEPS_S, tick_step, time_axis
from panels.kit.rows.cells import Line, line_width
from panels.views.chart import Band, ChartMark, Extent, chart, segments
from tests.support.cockpit import samples

NS = 10**9
NOON = 1_760_011_200 * NS
FIVE_MINUTES = Extent(NOON, 300.0, 6.0)
TEN_MINUTES = Extent(NOON, 600.0, 6.0)


def text(lines: list[Line]) -> list[str]:
    return ["".join(cell.text for cell in line) for line in lines]


def column_of(ago: float, extent: Extent, lines: list[str]) -> int:
    """The column of a moment; the gutter ends at the label of the axis."""
    gutter = lines[-1].index("UTC") + 4
    return gutter + round((1 - ago / extent.span_s) * ((len(lines[0]) - gutter) * 2 - 1)) // 2


def dots(lines: list[str], column: int) -> bool:
    return any(BLANK < ord(line[column]) <= BLANK + 0xFF for line in lines[:-1])


@given(st.integers(min_value=2, max_value=3000), st.integers(min_value=2, max_value=400))
def test_thinning_keeps_both_ends(count: int, most: int) -> None:
    points = [(float(count - index), 1.0) for index in range(count)]
    kept = thin(points, most)
    assert len(kept) <= max(most, 2)
    assert (kept[0], kept[-1]) == (points[0], points[-1])


@pytest.mark.parametrize(("width", "height"), [(40, 6), (56, 9), (150, 40)])
def test_the_chart_fills_its_room_and_no_more(width: int, height: int) -> None:
    lines = chart(samples.market().chart, width, height, TEN_MINUTES)
    assert len(lines) == height
    assert {line_width(line) for line in lines} == {width}


def test_a_price_that_stands_still_can_be_drawn() -> None:
    assert chart([(10.0, 80_000.0), (5.0, 80_000.0), (0.0, 80_000.0)], 50, 8, FIVE_MINUTES)
    assert chart([(0.0, 80_000.0)], 50, 8, FIVE_MINUTES) == []
    assert chart(samples.market().chart, 10, 8, TEN_MINUTES) == []


def test_an_outage_is_a_gap_and_no_line() -> None:
    points = [(float(ago), 80_000.0 + ago) for ago in range(299, -1, -1) if not 100 <= ago < 160]
    lines = text(chart(points, 70, 10, FIVE_MINUTES))
    for ago in (250, 200, 165, 95, 50, 2):
        assert dots(lines, column_of(ago, FIVE_MINUTES, lines)), ago
    for ago in (152, 140, 130, 120, 108):
        assert not dots(lines, column_of(ago, FIVE_MINUTES, lines)), ago


@given(
    st.lists(st.floats(0, 600, allow_nan=False), min_size=1, max_size=40),
    st.floats(1, 50),
)
def test_segments_split_at_gaps_and_lose_nothing(agos: list[float], gap_s: float) -> None:
    points = [(ago, 1.0) for ago in sorted(agos, reverse=True)]
    parts = segments(points, gap_s)
    assert [point for part in parts for point in part] == points
    for part in parts:
        assert all(older[0] - newer[0] <= gap_s for older, newer in itertools.pairwise(part))
    for before, after in itertools.pairwise(parts):
        assert before[-1][0] - after[0][0] > gap_s


def test_own_prices_are_drawn_as_they_were_then() -> None:
    points = [(float(ago), 80_000.0) for ago in range(299, -1, -1)]
    bands = [
        Band(float(ago), *((None, None) if 100 <= ago < 200 else (79_900.0, 80_100.0 if ago < 100 else 80_300.0)))
        for ago in range(295, -1, -5)
    ]
    lines = chart(points, 80, 12, FIVE_MINUTES, bands=bands)
    drawn = text(lines)

    def rows_at(ago: float) -> list[int]:
        column = column_of(ago, FIVE_MINUTES, drawn)
        return [row for row, line in enumerate(drawn[:-1]) if line[column] == "╌"]

    long_ago, between, now = rows_at(250), rows_at(150), rows_at(20)
    assert len(long_ago) == len(now) == 2
    assert between == []
    assert long_ago[0] < now[0]
    assert long_ago[1] == now[1]
    assert "80,100" in drawn[now[0]]
    assert "79,900" in drawn[now[1]]


def test_own_prices_of_long_ago_are_not_named_as_those_of_now() -> None:
    points = [(float(ago), 80_000.0) for ago in range(299, -1, -1)]
    lines = chart(points, 80, 12, FIVE_MINUTES, bands=[Band(200.0, 79_913.0, 80_087.0)])
    assert not [line[0] for line in lines if line[0].role in ("buy", "sell")]


def test_fills_of_the_whole_time_stay() -> None:
    points = [(float(ago), 80_000.0 + ago) for ago in range(299, -1, -1)]
    marks = [ChartMark(float(ago), 80_010.0, "buy" if ago % 2 else "sell") for ago in range(290, 0, -3)]
    lines = text(chart(points, 90, 12, FIVE_MINUTES, fills=marks))
    first, last = (column_of(ago, FIVE_MINUTES, lines) for ago in (290, 2))
    assert any(line[first] in "▲▼" for line in lines)
    assert any(line[last] in "▲▼" for line in lines)


@given(
    st.integers(NOON, NOON + 10**7 * NS),
    st.sampled_from([60, 300, 900, 3_600, 21_600, 86_400, 604_800]),
    st.integers(30, 200),
)
def test_the_ticks_of_the_axis_are_round_times_at_their_place(now_ns: int, span_s: int, width: int) -> None:
    axis = time_axis(now_ns - span_s * NS, now_ns, width)
    assert len(axis) == width
    step_s, from_s = tick_step(span_s, width), now_ns / NS - span_s
    assert step_s in STEPS_S
    ticks = [
        (_label(at_s, step_s), (at_s - from_s) / span_s * (width - 1))
        for at_s in range(-(-int(from_s) // step_s) * step_s, now_ns // NS + 1, step_s)
    ]
    labels = list(re.finditer(r"\d\d(:\d\d)+|\d\d \w{3}", axis))
    assert labels or span_s < 2 * step_s
    for found in labels:
        middle = found.start() + len(found[0]) // 2
        assert [label for label, place in ticks if abs(middle - place) <= 1] == [found[0]]


def _label(at_s: int, step_s: int) -> str:
    at = datetime.fromtimestamp(at_s, UTC)
    day = step_s >= 86_400 or (step_s >= 3_600 and at_s % 86_400 == 0)
    return f"{at:%d %b}" if day else f"{at:%H:%M:%S}" if step_s < 60 else f"{at:%H:%M}"


def test_five_minutes_are_labelled_by_the_minute() -> None:
    assert time_axis(NOON - 300 * NS, NOON, 60).split() == ["11:56", "11:57", "11:58", "11:59"]
