"""Charts in the terminal: 80 columns, no escape codes, gaps, and the curve's own figures."""

from decimal import Decimal

import msgspec
import pytest

from cockpit.cli.charts.terminal_charts import NOTHING_TO_DRAW, TITLES, WIDTH, terminal_charts, time_label
from cockpit.reports.figures import ReportedPoint, TradingReport
from tests.support.desk.builders import NOW
from tests.support.reports.reports import empty_report
from venue.protocol.units import NS_PER_S


def report(*values: str | None) -> TradingReport:
    points = tuple(
        ReportedPoint(
            at_ns=NOW + second * NS_PER_S,
            mid=None if value is None else Decimal(50_000),
            trading=None if value is None else Decimal(value),
            total=None,
            value=None,
            base=Decimal(1),
            quote=Decimal(0),
        )
        for second, value in enumerate(values)
    )
    return msgspec.structs.replace(empty_report(), curve=points)


def test_what_is_known_is_drawn_in_80_columns_without_colours() -> None:
    drawn = terminal_charts(report("0", "1.5", "-3", "2"))
    assert max(map(len, drawn.splitlines())) <= WIDTH
    assert "\x1b" not in drawn
    assert TITLES["trading"] in drawn
    assert TITLES["total"] not in drawn
    assert "14:13:20" in drawn
    assert "-3.0" in drawn


def test_a_gap_is_not_drawn_over() -> None:
    whole, broken = (
        terminal_charts(report(*values)).split("\n\n")[0]
        for values in (("0", "1", "2", "3", "4"), ("0", "1", None, "3", "4"))
    )
    dots = [sum(ord(letter) > 0x2800 for letter in drawn) for drawn in (whole, broken)]
    assert dots[1] < 0.7 * dots[0]


def test_a_report_without_a_curve_says_so() -> None:
    assert terminal_charts(report()) == NOTHING_TO_DRAW


@pytest.mark.parametrize(
    ("length_s", "label"), [(60, "14:13:20"), (3_600, "14:13"), (86_400, "14:13"), (10 * 86_400, "09-21")]
)
def test_times_are_as_long_as_the_axis_needs(length_s: int, label: str) -> None:
    assert time_label(NOW, length_s * NS_PER_S) == label
