"""How interlocks are drawn: green, red, or with a warning that closes nothing."""

from msgspec.structs import replace

from panels.frame.tabs import attention_marks
from panels.kit.keymap import KeyMap
from panels.views.interlocks import InterlocksPanel, interlock_detail, interlock_row, warnings
from panels.views.transfers import ROUTE_WARNING, route_words
from tests.support.cockpit import samples

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
