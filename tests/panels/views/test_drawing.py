"""Columns, lines, numbers and the chart."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.client.desk_client import UnknownOutcome
from cockpit.model import formatting as fmt
from cockpit.model.commands import Limits, Result
from panels.dialogs import messages
from panels.dialogs.limits import FIELDS, field_text, parse_limits
from panels.dialogs.outcome import describe
from panels.kit.cells import Cell, Column, flow, layout, line_width, row_strip
from panels.kit.theme import DARK_NAME, styles
from panels.views.chart import chart, thin
from panels.views.decisions import COLUMNS as DECISIONS
from panels.views.fills import COLUMNS as EXECUTIONS
from panels.views.inventory import COLUMNS as INVENTORY
from panels.views.market import COLUMNS as MARKET
from panels.views.quotes import COLUMNS as QUOTES
from tests.support.cockpit import samples

TABLES = (DECISIONS, EXECUTIONS, INVENTORY, MARKET, QUOTES)
LIMIT_FIELDS = Limits.__struct_fields__


@given(st.integers(min_value=1, max_value=300), st.sampled_from(TABLES))
def test_columns_never_exceed_their_panel(width: int, columns: tuple[Column, ...]) -> None:
    places = layout(columns, width)
    used = sum(wide for _, wide in places) + len(places) - 1
    assert used <= max(width, columns[0].width)
    if any(columns[index].grow for index, _ in places):
        assert used == width


def test_what_matters_of_a_row_fits_beside_the_market_at_120_columns() -> None:
    assert 5 in [index for index, _ in layout(DECISIONS, 57)]
    assert {5, 6} <= {index for index, _ in layout(QUOTES, 59)}
    assert 5 in [index for index, _ in layout(EXECUTIONS, 59)]


@given(st.text(max_size=40), st.integers(min_value=10, max_value=80))
def test_a_row_is_exactly_as_wide_as_its_panel(text: str, width: int) -> None:
    text = "".join(character for character in text if cell_len(character) == 1 and character.isprintable())
    columns = (Column("a", 6, "right"), Column("b", 3, grow=True))
    look = styles(DARK_NAME)
    strip = row_strip((Cell(text), Cell(text)), columns, layout(columns, width), width, look, look["text"])
    assert strip.cell_length == width
    assert cell_len(strip.text) == width


def test_groups_flow_without_being_broken() -> None:
    lines = flow([(Cell("aaaa"), Cell("bb")), (Cell("cc"),), (Cell("dddddd"),)], 10)
    assert ["".join(cell.text for cell in line) for line in lines] == ["aaaabb  cc", "dddddd"]
    assert max(map(line_width, lines)) == 10


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal("1234.56789"), 4, "1,234.5678"),
        (Decimal("-0.00001"), 4, "0.0000"),
        (Decimal("NaN"), 2, "?"),
        (None, 2, "?"),
        (1204, 0, "1,204"),
    ],
)
def test_numbers(value: Decimal | int | None, places: int, text: str) -> None:
    assert fmt.number(value, places) == text


@given(st.decimals(min_value=-(10**30), max_value=10**30, allow_nan=False, places=18))
def test_no_digit_of_an_exact_amount_is_lost(value: Decimal) -> None:
    assert Decimal(fmt.exact(value).replace(",", "")) == value


@given(st.decimals(min_value=0, max_value=10**30, allow_nan=False, places=18), st.integers(min_value=0, max_value=8))
def test_a_shown_amount_never_promises_more(value: Decimal, places: int) -> None:
    assert Decimal(fmt.number(value, places).replace(",", "")) <= value


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "–"),
        (0, "0s"),
        (59_999, "59s"),
        (60_000, "1m00s"),
        (3_600_000, "1h00m"),
        (90_000_000, "1d01h"),
        (-5, "0s"),
    ],
)
def test_ages(ms: int | None, text: str) -> None:
    assert fmt.age(ms) == text


@pytest.mark.parametrize(("ms", "text"), [(9_999, "just now"), (10_000, "10s ago"), (64_999, "1m00s ago")])
def test_captions_count_in_steps(ms: int, text: str) -> None:
    assert fmt.caption_age(ms) == text


def test_running_time_is_in_minutes() -> None:
    assert (fmt.uptime(59_000), fmt.uptime(61_000), fmt.uptime(3_700_000)) == ("under a minute", "1m", "1h01m")


def test_time_left_is_zero_only_when_there_is_none() -> None:
    assert (fmt.time_left(1), fmt.time_left(0), fmt.time_left(60_000)) == ("1s", "0s", "1m00s")


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


def test_limits_that_were_not_touched_are_not_sent() -> None:
    now = Limits()
    texts = {field: field_text(now, field) for field in LIMIT_FIELDS}
    assert {field for field, _, _ in FIELDS} == set(LIMIT_FIELDS), "every limit is in the form"
    assert parse_limits(texts, now) == ({}, ())
    changes, problems = parse_limits({**texts, "max_notional_eure": " 7.5 ", "max_deadline_ms": "60000"}, now)
    assert changes == {"max_notional_eure": Decimal("7.5"), "max_deadline_ms": 60_000}
    assert problems == ()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("max_notional_eure", "lots"),
        ("max_notional_eure", "0"),
        ("max_notional_eure", "NaN"),
        ("max_deadline_ms", "1.5"),
        ("max_deadline_ms", ""),
        ("min_edge_bps", "-1"),
    ],
)
def test_limits_that_cannot_be_are_refused_here(field: str, text: str) -> None:
    now = Limits()
    _, problems = parse_limits({**{name: field_text(now, name) for name in LIMIT_FIELDS}, field: text}, now)
    assert len(problems) == 1


def test_only_the_desk_says_done() -> None:
    done = Result(command_id="1", command="arm", accepted=True, reason="", at_ns=1)
    assert describe(done).done
    assert not describe(Result(command_id="1", command="arm", accepted=False, reason="no", at_ns=1)).done
    assert messages.MAY_HAVE_DONE_IT in describe(UnknownOutcome("arm", "no answer within 5 s")).text
    assert describe(UnknownOutcome("arm", "gone", sent=False)).text == "arm: not sent (gone). Nothing changed."
    assert not describe(UnknownOutcome("arm", "no answer within 5 s")).done
