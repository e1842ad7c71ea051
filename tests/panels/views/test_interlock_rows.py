"""How interlocks are drawn: green, red, or with a warning that closes nothing."""

from msgspec.structs import replace

from cockpit.desk.interlocks.checklist import checklist
from panels.frame.tabs import attention_marks
from panels.kit.keymap import KeyMap
from panels.kit.rows.cells import layout
from panels.views.interlocks import COLUMNS, LONGEST, InterlocksPanel, interlock_detail, interlock_row, warnings
from panels.views.transfers import ROUTE_WARNING, route_words
from tests.support.cockpit import samples
from tests.support.desk.interlock_facts import PASSING

NAME, MEASURED, WANTED, CLOSES = 1, 2, 3, 5
WARNED = samples.interlock("relay", "ends on 3 December", "valid", warning=True, remedy="order another token")


def test_a_warning_has_its_own_sign_and_says_what_to_do() -> None:
    cells = interlock_row(WARNED).cells
    assert (cells[0].text, cells[0].role) == ("!", "warn")
    assert (cells[2].text, cells[2].role) == ("ends on 3 December", "warn")
    fields = {field.label: field.value.text for field in interlock_detail(WARNED).fields}
    assert fields["state"] == "! warning"
    assert fields["what to do"] == "order another token"
    assert "disarms in" not in fields


def test_the_funds_panel_points_to_a_closed_transaction_route() -> None:
    closed = samples.interlock("transaction_route", "disabled", "enabled", warning=True, remedy="withdraw by intent")
    shot = replace(samples.snapshot(), interlocks=(closed,))
    assert route_words(shot) == ROUTE_WARNING
    assert route_words(replace(shot, interlocks=(replace(closed, warning=False),))) == ""
    assert route_words(replace(shot, interlocks=(WARNED,))) == ""


def test_a_red_interlock_stays_red_beside_a_warning() -> None:
    red = replace(WARNED, ident="disk", passed=False, warning=False)
    assert interlock_row(red).cells[0].text == "✗"
    shot = replace(samples.snapshot(), interlocks=(WARNED, red))
    assert warnings(shot) == [WARNED]
    assert attention_marks(shot)["interlocks"] == "✗1"
    assert attention_marks(replace(shot, interlocks=(WARNED,)))["interlocks"] == "!1"
    assert "interlocks" not in attention_marks(replace(shot, interlocks=(replace(WARNED, warning=False),)))


def test_the_details_of_the_alarms_list_each_of_them() -> None:
    shot = replace(samples.snapshot(), alarms=samples.alarms(), interlocks=(replace(WARNED, ident="alarms"),))
    panel = InterlocksPanel("interlocks", 3, KeyMap())
    detail = panel.detail_of(shot.interlocks[0], shot)
    assert [field.label for field in detail.fields].count("alarm") == 5
    other = panel.detail_of(replace(WARNED, ident="disk"), shot)
    assert "alarm" not in [field.label for field in other.fields]


def test_what_is_wanted_is_shown_in_full_beside_a_long_measured_text() -> None:
    width = 198
    rows = list(checklist(PASSING))
    rows[-1] = replace(rows[-1], measured="a long reason of the venue; " * 20)
    cells = [interlock_row(row).cells for row in rows]
    needs = [max(len(row[index].text) for row in cells) for index in range(len(COLUMNS))]
    wide = dict(layout(COLUMNS, width, needs, {CLOSES}))
    assert [row[WANTED].text for row in cells if len(row[WANTED].text) > wide[WANTED]] == []
    assert [row[NAME].text for row in cells if len(row[NAME].text) > wide[NAME]] == []
    assert wide[MEASURED] >= LONGEST


def test_what_is_wanted_gives_way_to_what_was_measured() -> None:
    for width, measured, wanted in ((78, 56, None), (84, 62, None), (97, LONGEST, 12), (118, LONGEST, 26)):
        wide = dict(layout(COLUMNS, width, [1, 19, 240, 60, 6, 0], {CLOSES}))
        assert (wide[MEASURED], wide.get(WANTED)) == (measured, wanted)


def test_the_longest_measured_text_is_as_long_as_the_column_asks_for() -> None:
    own = [row for row in checklist(PASSING) if row.ident != "refusals"]
    assert max(len(interlock_row(row).cells[MEASURED].text) for row in own) == LONGEST
