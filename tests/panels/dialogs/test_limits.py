"""What the form of the limits reads and sends."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.commands import Limits
from cockpit.model.pricing.value_texts import NO_LIMIT, in_words, parse_values, shown_unit, value_text
from panels.dialogs.trading.limits import FIELDS, parse_limits, use_line, values
from panels.views.earnings.limits_used import Used

LIMIT_NAMES = Limits.__struct_fields__


def typed(limits: Limits, **texts: str) -> dict[str, str]:
    """The texts of a form that shows these limits, some of them typed anew."""
    return {field.name: value_text(field, getattr(limits, field.name)) for field in FIELDS} | texts


def test_limits_that_were_not_touched_are_not_sent() -> None:
    now = Limits()
    assert {field.name for field in FIELDS} == set(LIMIT_NAMES), "every limit is in the form"
    assert parse_limits(typed(now), now) == ({}, ())
    changes, problems = parse_limits(
        typed(now, max_notional_eure=" 7.5 ", max_deadline_ms="60", max_asset_share="85.5", max_option_eure="No limit"),
        now,
    )
    assert changes == {
        "max_notional_eure": Decimal("7.5"),
        "max_asset_share": Decimal("0.855"),
        "max_deadline_ms": 60_000,
    }
    assert problems == ()


def test_limits_are_shown_as_a_person_reads_them() -> None:
    shown = typed(Limits(max_promised_eure=Decimal(20_000), max_reference_age_ms=250))
    assert shown["max_promised_eure"] == "20,000"
    assert shown["max_asset_share"] == "90"
    assert shown["max_reference_age_ms"] == "0.25"
    assert shown["max_option_eure"] == NO_LIMIT
    units = {field.name: shown_unit(field) for field in FIELDS}
    assert (units["max_asset_share"], units["max_reference_age_ms"], units["min_edge_bps"]) == ("%", "s", "bps")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("max_notional_eure", "lots"),
        ("max_notional_eure", "0"),
        ("max_notional_eure", "NaN"),
        ("max_notional_eure", "1e999999999"),
        ("max_notional_eure", "5,5"),
        ("max_notional_eure", "1_000"),
        ("max_deadline_ms", "1.2345"),
        ("max_deadline_ms", "125000"),
        ("max_deadline_ms", ""),
        ("max_fills_per_hour", "1.5"),
        ("max_asset_share", "0.9"),
        ("min_edge_bps", "-1"),
    ],
)
def test_limits_that_cannot_be_are_refused_here(field: str, text: str) -> None:
    now = Limits()
    _, problems = parse_limits(typed(now, **{field: text}), now)
    assert len(problems) == 1
    assert field not in problems[0], "the form's own word stands there"


@given(st.decimals(0, 10**9, places=6), st.integers(100, 600_000), st.decimals(Decimal("0.5"), 1, places=5))
def test_what_a_form_shows_reads_as_the_same_limits(amount: Decimal, ms: int, share: Decimal) -> None:
    there = Limits(max_signed_eure=amount, max_reference_age_ms=ms, max_asset_share=share)
    found = parse_values(FIELDS, typed(there), values(Limits()))
    assert msgspec.structs.replace(Limits(), **found.changes) == there


def test_the_use_of_a_limit_is_a_bar_with_numbers() -> None:
    fills = Used("max_fills_per_hour", "fills in the hour", Decimal(180), Decimal(10_000), "")
    assert use_line(fills) == (("╸    ", "text"), ("180 of 10,000", "text"))
    full = Used("max_loss_per_day_eure", "daily loss", Decimal("500.5"), Decimal("500.5"), "EURe", 2)
    assert use_line(full) == (("━━━━ ", "bad"), ("500.50 of 500.5", "bad"))
    assert "unknown" in use_line(full._replace(used=None))[0].text


@pytest.mark.parametrize(
    ("recorded", "read"),
    [
        ("max_notional_eure = 600 (was 500)", "Max size of a quote 500 → 600 EURe"),
        (
            "max_deadline_ms = 60000 (was 125000), max_asset_share = 0.85 (was 0.9)",
            "Max quote lifetime 125 → 60 s, Max share of one asset 90 → 85 %",
        ),
        ("max_option_eure = 1000000000 (was 2000)", "Max worth of signed options 2,000 → no limit"),
        ("max_promised_eure = 20000", "Max committed in live quotes: 20,000 EURe"),
        ("preset quiet: half_spread_bps = 9 (was 20)", "preset quiet: Half spread 20 → 9 bps"),
        ("nothing changed", "nothing changed"),
        ("other_thing = 5 (was 4)", "other_thing = 5 (was 4)"),
        ("min_edge_bps = 1.2.3", "min_edge_bps = 1.2.3"),
        ("min_edge_bps = 1E+99999", "min_edge_bps = 1E+99999"),
    ],
)
def test_a_changed_limit_is_logged_in_words(recorded: str, read: str) -> None:
    assert in_words(recorded) == read


@given(st.text(max_size=200))
def test_any_reason_can_be_read(text: str) -> None:
    assert isinstance(in_words(text), str)
