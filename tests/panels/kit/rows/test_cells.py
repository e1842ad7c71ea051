"""Columns, rows and lines fit their width."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from panels.kit.rows.cells import (
    LEAST_IDENTIFIER,
    Cell,
    Column,
    fit_column,
    flow,
    layout,
    line_width,
    row_strip,
)
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


COLUMN = st.builds(
    Column,
    st.text("abc", max_size=6),
    st.integers(1, 20),
    from_width=st.sampled_from([0, 0, 60]),
    grow=st.booleans(),
    when_used=st.booleans(),
    first=st.sampled_from([0, 0, 40]),
)


@given(st.integers(10, 220), st.lists(st.tuples(COLUMN, st.integers(0, 90)), min_size=1, max_size=9))
def test_nothing_is_cut_beside_a_column_with_room_to_spare(width: int, table: list[tuple[Column, int]]) -> None:
    columns, needs = [column for column, _ in table], [need for _, need in table]
    hidden = frozenset(index for index, (column, need) in enumerate(table) if column.when_used and not need)
    places = dict(layout(columns, width, needs, hidden))
    assert not hidden & set(places)
    assert len(places) <= 1 or sum(places.values()) + len(places) - 1 <= width
    cut = [index for index, wide in places.items() if wide < needs[index]]
    spare = [index for index, wide in places.items() if wide > max(needs[index], len(columns[index].title))]
    assert not cut or not spare
    growing = {index: wide for index, wide in places.items() if columns[index].grow}
    lacking = any(wide < min(columns[index].first, needs[index]) for index, wide in growing.items())
    widest = {index: max(columns[index].width, columns[index].first) for index in growing}
    assert not lacking or all(wide <= widest[index] for index, wide in growing.items())
    assert all(
        wide >= min(width, columns[index].width, max(needs[index], len(columns[index].title)))
        for index, wide in places.items()
    )
    if places and any(columns[index].grow for index in places):
        assert sum(places.values()) + len(places) - 1 == width or len(places) == 1


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


@given(st.text("0123456789abcdef…ü", max_size=70), st.integers(0, 80))
def test_a_hash_is_cut_in_its_middle(text: str, width: int) -> None:
    shown = fit_column(text, Column("transaction", 8, cut_middle=True), width)
    assert cell_len(shown) == width
    if cell_len(text) <= width:
        assert shown.strip() == text.strip()


@given(st.integers(0, 80))
def test_words_before_a_hash_stay_whole_or_go(width: int) -> None:
    """Which withdrawal it is matters more than where it was made, and the details say both."""
    shown = fit_column(f"made elsewhere {HASH}", Column("transaction", 8, cut_middle=True), width).strip()
    if width < len("made elsewhere ") + LEAST_IDENTIFIER:
        assert shown == fit_column(HASH, Column("transaction", 8, cut_middle=True), width).strip()
    else:
        assert shown.startswith("made elsewhere 0x77")
        assert shown.endswith(HASH[-3:])


HASH = f"0x77a1{'3' * 54}cdd00"


def test_an_identifier_takes_no_room_from_a_text_that_is_read_whole() -> None:
    columns = (Column("amount", 6), Column("transaction", 8, grow=True, cut_middle=True))
    assert dict(layout(columns, 30, [14, 66])) == {0: 14, 1: 15}


def test_a_hash_that_was_shortened_keeps_both_ends() -> None:
    column = Column("transaction", 8, cut_middle=True)
    assert fit_column("6Qw1mNcXz4Rt…Ho5Ti1MxVb2", column, 18) == "6Qw1mNcXz…Ti1MxVb2"
