"""The P&L panel's figures, limits and curves, and the time that is typed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.model.snapshot import OptionState
from cockpit.model.trading_figures.earnings import EarnedSpan, EarningsPoint, EarningsState
from panels.dialogs.trading.earned_since import BEFORE_HISTORY, IN_THE_FUTURE, UNREADABLE, read_since
from panels.kit.rows.cells import line_width
from panels.kit.view import EarnedSince
from panels.views.earnings.curve import btc, curve, trading, trend
from panels.views.earnings.figures import figures, spans_of
from panels.views.earnings.limits_used import limits_used, loss_counts, option_line, used_line
from panels.views.earnings.panel import columns, headline
from tests.support.cockpit import samples

NS = 10**9
SHOT = samples.snapshot()


def earnings() -> EarningsState:
    assert SHOT.earnings is not None
    return SHOT.earnings


def values(state: EarningsState, since: EarnedSince | None = None) -> dict[str, tuple[str, str, str]]:
    found = figures(spans_of(state, since, SHOT.at_ns))
    return {one.name: (one.today.text, one.run.text, one.since.text) for one in found}


def test_the_figures_of_each_span_stand_side_by_side() -> None:
    since = EarnedSince(from_ns=0, span=EarnedSpan(from_ns=SHOT.at_ns - 7_200 * NS, fills=4, sent=8))
    shown = values(earnings(), since)
    assert shown["trading EURe"] == ("+7.25", "+2.42", "?")
    assert shown["total EURe"] == ("-11.52", "-16.35", "?")
    assert shown["markout 60s bps"] == ("-1.05", "-1.05", "–")
    assert shown["markout 300s bps"] == ("–", "–", "–")
    assert shown["fills an hour"][2] == "2.0"
    assert shown["won of sent"] == ("11.5 %", "11.5 %", "50.0 %")


def test_what_is_not_known_is_not_zero() -> None:
    unknown = replace(earnings(), today=None, run=EarnedSpan(from_ns=0), mid=None)
    shown = values(unknown)
    assert shown["trading EURe"] == ("–", "?", "–")
    assert shown["won of sent"] == ("–", "–", "–")
    fee = replace(unknown, run=EarnedSpan(from_ns=0, fee_btc=Decimal("0.001")))
    assert values(fee)["fees EURe"][1] == "?"


def test_a_day_that_is_not_whole_is_named_by_its_start() -> None:
    partial = replace(earnings(), today=EarnedSpan(from_ns=samples.START_NS), note="history is not read")
    assert columns(None, partial)[1].title == datetime.fromtimestamp(samples.START_NS // NS, UTC).strftime("%H:%M")
    assert columns(None, earnings())[1].title == "today"


def test_each_limit_that_can_be_used_up_says_how_far_it_is() -> None:
    spent = replace(
        SHOT,
        earnings=replace(earnings(), loss=Decimal("4.2")),
        limits=replace(SHOT.limits, max_option_eure=Decimal(10)),
        options=OptionState(
            value=Decimal("12.5"),
            intrinsic=Decimal(2),
            time_value=Decimal("10.5"),
            jump=Decimal(31),
            refused_value=Decimal(0),
            sigma_bps=Decimal(12),
            age_ms=300,
        ),
    )
    used = {one.name: one for one in limits_used(spent)}
    assert used["daily loss"].share == Decimal("0.84")
    assert used["options"].share == Decimal("1.25")
    roles = {name: used_line(used[name])[1].role for name in ("daily loss", "options", "fills in the last hour")}
    assert roles == {"daily loss": "warn", "options": "bad", "fills in the last hour": "text"}
    assert "12.50 EURe" in "".join(cell.text for cell in option_line(spent))
    # A quote of the largest size is as good as any other.
    full = replace(spent, earnings=replace(earnings(), largest_quote=SHOT.limits.max_notional_eure))
    assert {one.name: one.role for one in limits_used(full)}["largest quote in the last hour"] == "text"
    names = {"committed", "signed", "one asset", "price age", "balance age", "divergence", "quotes in the last second"}
    assert names <= set(used)
    unread = replace(spent, inventory=replace(SHOT.inventory, age_ms=None, btc_share=None), options=None)
    assert {one.name for one in limits_used(unread) if one.share is None} >= {"one asset", "balance age", "options"}


def test_what_counts_against_the_loss_limit_is_said() -> None:
    assert "since" not in loss_counts(SHOT)
    lifted = replace(SHOT, earnings=replace(earnings(), loss_from_ns=SHOT.at_ns - 60 * NS))
    assert "since 09:04:54 UTC" in loss_counts(lifted)


@given(st.lists(st.floats(-1e6, 1e6), max_size=300), st.integers(0, 60))
def test_a_trend_is_no_longer_than_its_room(numbers: list[float], width: int) -> None:
    assert len(trend(numbers, width)) == min(len(numbers), width)


def test_a_trend_shows_losses_too() -> None:
    assert trend([-3.0, -1.0, -2.0], 3) == "▁█▄"
    assert trend([5.0, 5.0], 2) == "▁▁"


def test_a_curve_has_a_gap_where_nothing_was_known() -> None:
    points = [EarningsPoint(minute * 60 * NS, float(minute), 0.5) for minute in range(1_440) if not 600 <= minute < 840]
    lines = curve(points, trading, 80, 10, "P&L", 2)
    assert {line_width(line) for line in lines[1:]} == {80}
    drawn = ["".join(cell.text for cell in line) for line in lines[1:-1]]
    gutter = "".join(cell.text for cell in lines[-1]).index("UTC") + 4
    middle = gutter + (80 - gutter) // 2
    assert all(line[middle] == " " for line in drawn)
    assert any(line[middle - 15] not in " ╌" for line in drawn)
    flat = curve(points, btc, 80, 10, "BTC", 5)
    assert len(flat) == 10
    assert curve(points[:1], trading, 80, 10, "P&L", 2) == []


@pytest.mark.parametrize("width", [30, 58, 74, 116])
def test_the_headline_fits(width: int) -> None:
    assert line_width(headline(SHOT, width)) <= max(width, 34)


NOON = int(datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC).timestamp()) * NS


@pytest.mark.parametrize(
    ("typed", "ago_s"),
    [
        ("08:30", 12_600),
        ("8:30:15", 12_585),
        ("2026-11-25", 43_200),
        ("2026-11-24 12:00", 86_400),
        ("2026-11-24T12:00:30Z", 86_370),
        (" 90m ", 5_400),
        ("6h", 21_600),
        ("7 d", 604_800),
        ("11:59 UTC", 60),
    ],
)
def test_a_time_is_read_as_it_is_written(typed: str, ago_s: int) -> None:
    assert read_since(typed, NOON) == NOON - ago_s * NS


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", UNREADABLE),
        ("yesterday", UNREADABLE),
        ("25:00", UNREADABLE),
        ("2026-13-01", UNREADABLE),
        ("9" * 7 + "d", UNREADABLE),
        ("999999d", UNREADABLE),
        ("1969-12-31", BEFORE_HISTORY),
        ("12:00", IN_THE_FUTURE),
        ("2026-11-25 12:00:01", IN_THE_FUTURE),
    ],
)
def test_what_is_no_time_of_the_past_is_refused(typed: str, why: str) -> None:
    with pytest.raises(ValueError, match=why[:20]):
        read_since(typed, NOON)


@given(st.text(max_size=30))
def test_nothing_typed_breaks_it(typed: str) -> None:
    said = ""
    try:
        assert 0 <= read_since(typed, NOON) < NOON
    except ValueError as error:
        said = str(error)
    assert said in ("", UNREADABLE, IN_THE_FUTURE, BEFORE_HISTORY)
