"""Charts in the terminal: 80 columns, no escape codes, gaps, and the curve's own figures."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.reports.figures import ReportedPoint, TradingReport
from cockpit.terminal_reports.terminal_charts import (
    HEIGHT,
    LEAST_WIDTH,
    NOT_KNOWN,
    NOTHING_TO_DRAW,
    TITLES,
    WIDTH,
    charts,
    terminal_charts,
    text_of,
)
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
    assert "\n".join((TITLES["total"], NOT_KNOWN)) in drawn
    assert "14:13:20" not in drawn
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


@pytest.mark.parametrize("width", [40, 75, 115, 196])
def test_a_chart_is_as_wide_as_it_is_asked_to_be_whatever_terminal_there_is(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = charts(report("0", "1.5", "-3", "2"), width)[0]
    assert max(len(text_of(line)) for line in lines) == width
    assert len(lines) == HEIGHT


def test_only_the_curve_has_the_accent() -> None:
    parts = [part for line in charts(report("0", "1.5", "-3", "2"), 75)[0][1:] for part in line]
    dots = [part for part in parts if part.tone == "accent"]
    assert dots
    assert all(0x2800 <= ord(letter) < 0x2900 for part in dots for letter in part.text)
    assert not any(0x2800 <= ord(letter) < 0x2900 for part in parts if part.tone != "accent" for letter in part.text)


def test_what_is_not_known_is_said_and_not_drawn_as_zero() -> None:
    drawn = terminal_charts(report(None, None))
    assert f"{TITLES['trading']}\n{NOT_KNOWN}" in drawn
    assert f"{TITLES['base']}  last 1.00000000" in drawn


def test_zero_is_a_level_where_the_values_lie_around_it() -> None:
    lines = [text_of(line) for line in charts(report("-1", "3"), 75)[0]]
    [zero] = [line for line in lines if line.lstrip().startswith("0.0├")]
    assert "────" in zero


@given(
    values=st.lists(st.none() | st.decimals(-(10**9), 10**9, places=8), min_size=1, max_size=30),
    width=st.integers(LEAST_WIDTH, 220),
)
@example(values=[Decimal("999999999.995")], width=LEAST_WIDTH)
@settings(max_examples=40, deadline=None)
def test_no_chart_is_wider_than_its_room(values: list[Decimal | None], width: int) -> None:
    made = report(*(None if value is None else f"{value:f}" for value in values))
    assert all(len(text_of(line)) <= width for chart in charts(made, width) for line in chart)


def test_times_are_round_and_told_apart() -> None:
    drawn = terminal_charts(report(*map(str, range(3_600))))
    assert [moment in drawn for moment in ("14:20", "15:00", "14:13")] == [True, True, False]
