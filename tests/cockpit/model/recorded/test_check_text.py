"""What a person reads of a recorded check: one unit a line, nothing that says other than the record."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quoting.desk_view import DeskView
from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.desk.snapshots.quote_rows import decision_row
from cockpit.model.recorded.check_text import check_text, interlock_text, readable_text, rounded_apart
from tests.support.desk.builders import NOW, request
from tests.support.desk.views import VIEWS

UNITS = re.compile(r"(?<![\w.])-?[\d,.]+ (ms|s|bps|EURe|EUR|BTC)\b")
UNGROUPED = re.compile(r"\d{4,}")


@pytest.mark.parametrize(
    ("name", "passed", "recorded", "shown"),
    [
        ("deadline", True, "61000 ms, at most 125000 ms", "61 s, at most 125 s"),
        ("reference_age", True, "412 ms, at most 5000 ms", "0.41 s, at most 5 s"),
        ("reference_age", True, "12 ms, at most 900 ms", "12 ms, at most 900 ms"),
        ("reference_age", False, "5001 ms, at most 5000 ms", "5.001 s, at most 5 s"),
        ("inventory_age", False, "unknown", "unknown"),
        ("edge", True, "0.013667 EURe, at least 2 bps", "7.1 bps, at least 2 bps"),
        ("reference", True, "80037.10000000", "80,037.1 EUR per BTC"),
        ("inventory", True, "17388.68644789742354 EURe", "17,388.6864 EURe"),
        ("amount", True, "0.00039999 BTC", "0.00039999 BTC"),
        ("notional", False, "92.770000 EURe, at most 5 EURe", "92.77 EURe, at most 5 EURe"),
        ("notional", False, "5000.000001 EURe, at most 5000 EURe", "5,000.000001 EURe, at most 5,000 EURe"),
        ("min_notional", False, "0.000001 EURe, at least 1 EURe", "0.000001 EURe, at least 1 EURe"),
        ("premium", True, "0E-8 bps, at most 20 bps", "0 bps, at most 20 bps"),
        ("premium", False, "unknown, at most 20.0 bps", "unknown, at most 20 bps"),
        (
            "option",
            True,
            "12.345678 EURe, reduces from 1600, at most 2000 EURe",
            "12.3457 EURe, reduces from 1,600 EURe, at most 2,000 EURe",
        ),
        ("covered", True, "gives 26.16979085 EURe, spendable 17388.68644790", None),
        ("covered", False, "gives 26.16979085 EURe, spendable unknown", "gives 26.1697 EURe, available unknown"),
        ("share", True, "leaves 0.46000000 BTC, at least 0.00500000", "leaves 0.46 BTC, at least 0.005 BTC"),
        ("trading", False, "REDUCING: leaves 1.0 BTC, at least 2.0", "REDUCING: leaves 1 BTC, at least 2 BTC"),
        ("fills", True, "1800 within an hour, at most 10000", "1,800 within an hour, at most 10,000"),
        ("strategy_armed", False, "no", "not armed"),
        ("executor_armed", True, "yes", "armed"),
        ("relay", False, "no", "not connected"),
        ("history", False, "no", "cannot be written"),
        ("sent", False, "the relay took 5 frames, then closed", "the relay took 5 frames, then closed"),
        ("later", True, "a form of a later version: 7 of 9", "a form of a later version: 7 of 9"),
    ],
)
def test_a_recorded_check_is_read_in_one_unit(name: str, passed: bool, recorded: str, shown: str | None) -> None:
    wanted = shown or "gives 26.1698 EURe, 17,388.6864 EURe available"
    assert check_text(name, passed, recorded, Decimal("7.09")) == wanted


@given(VIEWS)
def test_no_line_of_any_decision_mixes_units(seen: DeskView) -> None:
    asked = request("buy", amount_out=4 * 10**18)
    event = decision_event("d", asked, decide(asked, seen, desk_prices(seen)), seen)
    row = decision_row(event, seen.market, NOW)
    for name, passed, recorded in row.checks:
        shown = check_text(name, passed, recorded, row.edge_bps)
        if name == "reference" and not passed:  # The desk's own sentence.
            continue
        if name == "edge" and row.edge_bps is None:
            continue
        assert len(set(UNITS.findall(shown))) <= 1, (name, recorded, shown)
        assert not UNGROUPED.search(re.sub(r"\.\d+", "", shown)), (name, recorded, shown)


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=12)


@given(st.lists(NUMBERS, min_size=1, max_size=3), st.integers(0, 8))
def test_rounding_never_turns_a_comparison_round(values: list[Decimal], places: int) -> None:
    shown = [Decimal(text.replace(",", "")) for text in rounded_apart(values, places)]
    for a, x in zip(values, shown, strict=True):
        assert (a == 0) == (x == 0)
        for b, y in zip(values, shown, strict=True):
            assert (a < b) == (x < y)


@given(st.text(max_size=200), st.sampled_from(["notional", "edge", "covered", "reference", "rate", "salt"]))
def test_any_recorded_text_can_be_shown(recorded: str, name: str) -> None:
    assert isinstance(check_text(name, False, recorded, None), str)


def test_an_interlock_is_read_without_long_numbers() -> None:
    assert interlock_text("funds", "0.47099744 BTC, 17,388.68644789742354 EURe available") == (
        "0.47099744 BTC, 17,388.6864 EURe available"
    )
    assert readable_text("1 of 2 sources have a price at most 5000 ms old; 2 are required") == (
        "1 of 2 sources have a price at most 5 s old; 2 are required"
    )
    assert readable_text("80,004.30 EUR, 240 ms old") == "80,004.30 EUR, 240 ms old"


def test_every_digit_of_an_unexplained_difference_stays() -> None:
    text = "-0.000000000000000001 EURe unexplained"
    assert interlock_text("proof", text) == text
