"""Columns, rows and lines fit their width."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from panels.kit.rows.cells import Cell, Column, flow, layout, line_width, row_strip
from panels.kit.theme import DARK_NAME, styles
from panels.views.decisions import COLUMNS as DECISIONS
from panels.views.fills import COLUMNS as FILLS
from panels.views.inventory import columns as inventory_columns
from panels.views.market import COLUMNS as MARKET
from panels.views.quotes import COLUMNS as QUOTES
from tests.support.cockpit.samples import inventory

INVENTORY = inventory_columns(inventory())
TABLES = (DECISIONS, FILLS, INVENTORY, MARKET, QUOTES)


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
    assert 5 in [index for index, _ in layout(FILLS, 59)]


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
