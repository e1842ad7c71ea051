"""The chart of the mid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panels.kit.rows.cells import line_width
from panels.views.chart import chart, thin
from tests.support.cockpit import samples


@given(st.integers(min_value=2, max_value=3000), st.integers(min_value=2, max_value=400))
def test_thinning_keeps_both_ends(count: int, most: int) -> None:
    points = [(float(count - index), 1.0) for index in range(count)]
    kept = thin(points, most)
    assert len(kept) <= max(most, 2)
    assert (kept[0], kept[-1]) == (points[0], points[-1])


@pytest.mark.parametrize(("width", "height"), [(40, 6), (56, 9), (150, 40)])
def test_the_chart_fills_its_room_and_no_more(width: int, height: int) -> None:
    lines = chart(samples.market().chart, width, height)
    assert len(lines) == height
    assert max(map(line_width, lines)) <= width
    text = "".join(cell.text for line in lines for cell in line)
    assert "now" in text
    assert "-10m" in text


def test_a_price_that_stands_still_can_be_drawn() -> None:
    assert chart([(10.0, 80_000.0), (0.0, 80_000.0)], 50, 8)
    assert chart([(0.0, 80_000.0)], 50, 8) == []
    assert chart(samples.market().chart, 10, 8) == []
